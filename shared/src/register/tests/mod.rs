//! The register's tests: every rule of the design in a table, any order of receipt, the record.

mod any_order;
mod kit;
mod record;
mod rules;
mod rules_office;
mod state;
