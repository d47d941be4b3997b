//! How text is read: encodings, records, headers, numbers, dates and country names. Knows nothing of orders or ads.

pub mod countries;
pub mod dates;
pub mod decode;
pub mod header;
pub mod numbers;
pub mod records;
