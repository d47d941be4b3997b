-- The sources' own numbers of products, by which they tell that one was deleted or has another handle now. Shops of one brand may name
-- products alike: then one product has several.
create table product_sources (
    brand_id    integer not null references brands (id) on delete cascade,
    source_id   text not null,
    product_id  integer not null references products (id) on delete cascade,
    primary key (brand_id, source_id)
) strict, without rowid;
create index product_sources_by_product on product_sources (product_id);
insert or ignore into product_sources (brand_id, source_id, product_id)
    select brand_id, source_id, id from products where source_id is not null order by id;
drop index products_by_source;
alter table products drop column source_id;
