-- The source's own number of a product, by which it tells that the product was deleted or has another handle now.
alter table products add column source_id text;
create index products_by_source on products (brand_id, source_id) where source_id is not null;
