-- What the customer paid for bringing the goods over a border: part of what the source says an order came to.
alter table orders add column duty_micros integer not null default 0;
