//! The six permissions and the six roles that hold them. Routes name a permission, never a role.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a route may need.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Figures and exports.
    View,
    /// Questions and insights.
    Ask,
    /// Alerts, recommendations, rules and annotations.
    Act,
    /// Integrations, imports and syncs.
    Connect,
    /// Brands, users, keys and settings.
    Manage,
    /// Observability, logs, audit, backups and costs of one's own tenant.
    Operate,
}

impl Permission {
    /// All six, in the order they are listed to users.
    pub const ALL: [Self; 6] = [Self::View, Self::Ask, Self::Act, Self::Connect, Self::Manage, Self::Operate];

    /// The permission of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// The name users and scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Ask => "ask",
            Self::Act => "act",
            Self::Connect => "connect",
            Self::Manage => "manage",
            Self::Operate => "operate",
        }
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u8);

impl Permissions {
    /// The set of these.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < list.len() {
            bits |= 1 << list[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// Whether the set holds one.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// What is in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of `Permission::ALL`.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(list: I) -> Self {
        Self(list.into_iter().fold(0, |bits, permission| bits | 1 << permission as u8))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::name)).finish()
    }
}

/// What a person is in a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, and the tenant itself.
    Owner,
    /// Everything within the tenant.
    Admin,
    /// Runs marketing: sees, asks, acts, connects.
    Marketer,
    /// Sees, asks, acts.
    Analyst,
    /// Sees figures.
    Viewer,
    /// Runs the installation: sees figures, logs, costs.
    Operator,
}

impl Role {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Owner, Self::Admin, Self::Marketer, Self::Analyst, Self::Viewer, Self::Operator];

    /// What the role may do.
    pub const fn permissions(self) -> Permissions {
        use Permission::{Act, Ask, Connect, Operate, View};
        match self {
            Self::Owner | Self::Admin => Permissions::of(&Permission::ALL),
            Self::Marketer => Permissions::of(&[View, Ask, Act, Connect]),
            Self::Analyst => Permissions::of(&[View, Ask, Act]),
            Self::Viewer => Permissions::of(&[View]),
            Self::Operator => Permissions::of(&[View, Operate]),
        }
    }

    /// The name users and scripts see, and the store keeps.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Marketer => "marketer",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }

    /// The role of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_documents() {
        let holds = |role: Role| role.permissions().iter().map(Permission::name).collect::<Vec<_>>().join(" ");
        assert_eq!(holds(Role::Owner), "view ask act connect manage operate");
        assert_eq!(holds(Role::Admin), holds(Role::Owner));
        assert_eq!(holds(Role::Marketer), "view ask act connect");
        assert_eq!(holds(Role::Analyst), "view ask act");
        assert_eq!(holds(Role::Viewer), "view");
        assert_eq!(holds(Role::Operator), "view operate");
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
        }
    }
}
