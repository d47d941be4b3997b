//! Which brands somebody may know of, and what one may hand on to others: never more than one holds.

use std::sync::Arc;

use anyhow::Context;
use rusqlite::Connection;

use super::permission::{Permissions, Role};
use crate::error::{Error, Result};

/// The brands that a person or a key may know of. Any other is as if it were not there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Reach {
    /// Every brand of the tenant, also those still to come.
    #[default]
    All,
    /// These, by row id, in ascending order.
    Only(Arc<[i64]>),
}

impl Reach {
    /// Whether a brand is within it.
    pub fn holds(&self, brand: i64) -> bool {
        match self {
            Self::All => true,
            Self::Only(list) => list.binary_search(&brand).is_ok(),
        }
    }

    /// Whether all of another is within it.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(_), Self::Only(list)) => list.iter().all(|brand| self.holds(*brand)),
        }
    }

    /// What is within both.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, other) => other.clone(),
            (one, Self::All) => one.clone(),
            (Self::Only(list), Self::Only(_)) => Self::of(list.iter().copied().filter(|b| other.holds(*b)).collect()),
        }
    }

    /// These brands alone.
    pub fn of(mut brands: Vec<i64>) -> Self {
        brands.sort_unstable();
        brands.dedup();
        Self::Only(brands.into())
    }

    /// The brands that people name, by id or slug; `None` is all of them. Those beyond `within` are not there.
    ///
    /// # Errors
    /// `Invalid` with the field `brands`, in one sentence whether a brand is hidden or is not.
    pub fn parse(conn: &Connection, names: Option<&[String]>, within: &Self) -> Result<Self> {
        let Some(names) = names else { return Ok(Self::All) };
        let known = super::store::brands_in_short(conn)?;
        let find = |name: &String| {
            let found = known.iter().find(|brand| brand.uid == *name || brand.slug == *name);
            found.map(|brand| brand.id).filter(|id| within.holds(*id)).ok_or_else(|| {
                Error::invalid("brands", format!("There is no brand \u{201c}{name}\u{201d}, or it is not yours."))
            })
        };
        Ok(Self::of(names.iter().map(find).collect::<Result<_>>()?))
    }

    /// As it is stored: a JSON list, or nothing for all.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Only(list) => Some(serde_json::json!(&**list).to_string()),
        }
    }

    /// As [`Self::text`] wrote it.
    pub(super) fn read(text: Option<&str>) -> Result<Self> {
        match text {
            None => Ok(Self::All),
            Some(text) => Ok(Self::of(serde_json::from_str(text).context("reading a list of brands")?)),
        }
    }
}

/// What whoever asks may hand on: nobody makes, changes or lets in anybody who may more than they do.
#[derive(Clone, Debug)]
pub struct Power {
    /// The id of the person who asks; for a key, of who made it.
    pub person: String,
    /// Whether it is an owner who asks, in person.
    pub owner: bool,
    /// What the asker may do.
    pub permissions: Permissions,
    /// The brands the asker may know of.
    pub reach: Reach,
}

impl Power {
    /// Whether somebody of this role and reach may be made or touched.
    ///
    /// # Errors
    /// `Forbidden` naming what the asker lacks.
    pub fn over(&self, role: Role, reach: &Reach) -> Result<()> {
        if role == Role::Owner && !self.owner {
            return Err(Error::Forbidden { permission: "owner" });
        }
        self.holds(role.permissions(), reach)
    }

    /// Whether these permissions and brands may be handed on.
    ///
    /// # Errors
    /// `Forbidden` naming what the asker lacks.
    pub fn holds(&self, permissions: Permissions, reach: &Reach) -> Result<()> {
        if let Some(missing) = permissions.iter().find(|permission| !self.permissions.has(*permission)) {
            return Err(Error::Forbidden { permission: missing.name() });
        }
        if !self.reach.covers(reach) {
            return Err(Error::Forbidden { permission: "all brands" });
        }
        Ok(())
    }
}

/// [`Power::over`], where a command may all.
pub(super) fn allows(power: Option<&Power>, role: Role, reach: &Reach) -> Result<()> {
    power.map_or(Ok(()), |power| power.over(role, reach))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Permission;

    #[test]
    fn what_is_within_what() {
        let (one, two, none) = (Reach::of(vec![1]), Reach::of(vec![2, 1, 2]), Reach::of(vec![]));
        assert!(Reach::All.holds(7) && two.holds(2) && !one.holds(2) && !none.holds(1));
        assert!(Reach::All.covers(&Reach::All) && two.covers(&one) && one.covers(&none));
        assert!(!one.covers(&two) && !two.covers(&Reach::All) && !none.covers(&one));
        assert_eq!((one.and(&two), Reach::All.and(&one), one.and(&Reach::All)), (one.clone(), one.clone(), one));
        for reach in [two, none, Reach::All] {
            assert_eq!(Reach::read(reach.text().as_deref()).unwrap(), reach);
        }
    }

    #[test]
    fn nobody_hands_on_more_than_they_hold() {
        let manager = Power {
            person: "x".into(),
            owner: false,
            permissions: Permissions::of(&[Permission::Manage]),
            reach: Reach::of(vec![1]),
        };
        let lacks = |role, reach: &Reach| match manager.over(role, reach) {
            Err(Error::Forbidden { permission }) => permission,
            other => panic!("{other:?}"),
        };
        assert_eq!(lacks(Role::Owner, &manager.reach), "owner");
        assert_eq!(lacks(Role::Viewer, &manager.reach), "view");
        let all = Power { permissions: Role::Admin.permissions(), ..manager.clone() };
        assert!(all.over(Role::Admin, &Reach::of(vec![1])).is_ok());
        assert!(matches!(all.over(Role::Viewer, &Reach::All), Err(Error::Forbidden { permission: "all brands" })));
    }
}
