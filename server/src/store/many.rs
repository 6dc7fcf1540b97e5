//! Many rows into one table: several to a statement, since a statement costs about as much to begin as a row to write.
//!
//! Must never: make SQL of a value: only of names that stand in this program, and of question marks.

use super::error::StoreError;
use rusqlite::{Connection, ToSql};
use std::fmt::Write as _;

/// Rows in one statement: these sizes only, so that each table has a few statements, which are kept prepared.
const SIZES: [usize; 4] = [8, 4, 2, 1];

/// Inserts rows in their order. `into` is all before `VALUES`, `then` what follows the values (what to do with a row that
/// stands there already), `columns` a row's values in the order of the columns.
///
/// # Errors
/// An accident of the store, or a broken constraint: some of the rows may be written then, and the job must fail.
pub fn insert<T, const N: usize>(
    c: &Connection,
    into: &str,
    then: &str,
    rows: &[T],
    columns: for<'r> fn(&'r T) -> [&'r dyn ToSql; N],
) -> Result<(), StoreError> {
    let mut left = rows;
    for size in SIZES {
        if left.len() < size {
            continue;
        }
        let mut statement = c.prepare_cached(&sql::<N>(into, then, size))?;
        while let Some((now, after)) = left.split_at_checked(size) {
            let mut at = 0;
            for value in now.iter().flat_map(columns) {
                at += 1;
                statement.raw_bind_parameter(at, value)?;
            }
            statement.raw_execute()?;
            left = after;
        }
    }
    Ok(())
}

fn sql<const N: usize>(into: &str, then: &str, rows: usize) -> String {
    let mut sql = String::with_capacity(into.len() + then.len() + rows * (2 * N + 3) + 16);
    let _ = write!(sql, "{into} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..N {
            sql.push_str(if column == 0 { "?" } else { ",?" });
        }
        sql.push(')');
    }
    let _ = write!(sql, " {then}");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // no file
    fn every_row_once_and_in_order_whatever_their_number() {
        for many in 0..40_i64 {
            let c = Connection::open_in_memory().unwrap();
            c.execute_batch("CREATE TABLE t(at INTEGER PRIMARY KEY, n INTEGER UNIQUE, word TEXT)").unwrap();
            c.execute("INSERT INTO t(n, word) VALUES (3, 'before')", []).unwrap();
            let rows: Vec<(i64, String)> = (0..many).map(|n| (n, format!("row {n}"))).collect();
            let then = "ON CONFLICT(n) DO UPDATE SET word = excluded.word";
            insert(&c, "INSERT INTO t(n, word)", then, &rows, |(n, word)| [n, word]).unwrap();
            let mut found = c.prepare("SELECT n, word FROM t WHERE n <> 3 ORDER BY at").unwrap();
            let found: Vec<(i64, String)> =
                found.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
            assert_eq!(found, rows.into_iter().filter(|(n, _)| *n != 3).collect::<Vec<_>>());
            let third: String = c.query_row("SELECT word FROM t WHERE n = 3", [], |r| r.get(0)).unwrap();
            assert_eq!(third, if many > 3 { "row 3" } else { "before" });
        }
    }
}
