//! How figures stand in JSON, told to the OpenAPI document: types without values, for fields that are text or JSON in the code.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What a schema says of the schemas it names.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// Money, ratios and all else that is no count: `"128400.12"`. Never rounded through a float.
pub enum Decimal {}

/// The figure of a metric: a decimal as text, a count as a number, null where it cannot be known.
pub enum Figure {}

/// A cell of an answer: a dimension's text, number or truth, or a metric's figure.
pub enum Cell {}

/// What a filter compares with: one cell, or a list of them.
pub enum FilterValue {}

fn plain(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn named<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

fn with<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into(), T::schema()));
    T::schemas(schemas);
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        plain(Type::String)
            .pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$"))
            .examples(["128400.12"])
            .description(Some("Money, a ratio, or another decimal, as text."))
            .into()
    }
}

impl ToSchema for Decimal {}

impl PartialSchema for Figure {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(named::<Decimal>())
            .item(plain(Type::Integer))
            .item(plain(Type::Null))
            .description(Some(
                "The figure of a metric: decimal text for money, ratios, shares, days and platforms' claims, an integer for counts, \
                 null where it cannot be known.",
            ))
            .into()
    }
}

impl ToSchema for Figure {
    fn schemas(schemas: &mut Schemas) {
        with::<Decimal>(schemas);
    }
}

impl PartialSchema for Cell {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(plain(Type::String))
            .item(plain(Type::Integer))
            .item(plain(Type::Boolean))
            .item(plain(Type::Null))
            .description(Some(
                "A dimension's value (text, number or truth), or a metric's figure; null where there is none.",
            ))
            .into()
    }
}

impl ToSchema for Cell {}

impl PartialSchema for FilterValue {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(plain(Type::String))
            .item(plain(Type::Number))
            .item(plain(Type::Boolean))
            .item(ArrayBuilder::new().items(OneOfBuilder::new().item(plain(Type::String)).item(plain(Type::Number))))
            .description(Some(
                "A text, number, boolean or day; a list for `in`, `not_in` and `between`; absent for `is_null`.",
            ))
            .into()
    }
}

impl ToSchema for FilterValue {}
