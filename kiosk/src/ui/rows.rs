//! Rows of a list on the screen, kept in step by id: only what changed is touched.
//!
//! Must never: rebuild a list because one row changed.

use slint::{Model, ModelRc, VecModel};
use std::rc::Rc;

/// A list on the screen.
pub struct Rows<T> {
    model: Rc<VecModel<T>>,
    same: fn(&T, &T) -> bool,
}

impl<T: Clone + PartialEq + 'static> Rows<T> {
    /// An empty list; `same` tells whether two rows are about one thing.
    pub fn new(same: fn(&T, &T) -> bool) -> Self {
        Self { model: Rc::new(VecModel::default()), same }
    }

    /// What the window looks at.
    pub fn watched(&self) -> ModelRc<T> {
        self.model.clone().into()
    }

    /// Shows these rows.
    pub fn show(&self, rows: Vec<T>) {
        let old = self.model.row_count();
        let in_step = rows.len() >= old
            && rows
                .iter()
                .take(old)
                .enumerate()
                .all(|(i, r)| self.model.row_data(i).is_some_and(|o| (self.same)(&o, r)));
        if !in_step {
            if !self.model.iter().eq(rows.iter().cloned()) {
                self.model.set_vec(rows);
            }
            return;
        }
        for (i, row) in rows.into_iter().enumerate() {
            if i >= old {
                self.model.push(row);
            } else if self.model.row_data(i).is_none_or(|o| o != row) {
                self.model.set_row_data(i, row);
            }
        }
    }
}
