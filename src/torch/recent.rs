//! What was made lately: a table that forgets what has not been asked for the longest.

use std::collections::HashMap;
use std::hash::Hash;

/// How many entries a table keeps. A training run meets a few shapes: the batch, the last batch of an epoch, those of a test.
pub(super) const KEPT: usize = 64;

/// A table of at most [`KEPT`] entries.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: HashMap<K, (u64, V)>,
    asked: u64,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Recent { entries: HashMap::new(), asked: 0 }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// The entry of a key.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        self.asked += 1;
        let (last, value) = self.entries.get_mut(key)?;
        *last = self.asked;
        Some(value.clone())
    }

    /// Adds an entry, and forgets one where there are too many.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.asked += 1;
        self.entries.insert(key, (self.asked, value));
        if self.entries.len() > KEPT {
            let oldest = self.entries.iter().min_by_key(|(_, (last, _))| *last).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.entries.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_last_is_kept() {
        let mut table = Recent::default();
        for i in 0..3 * KEPT {
            table.insert(i, i * i);
            // The first is asked for again and again, so that it stays.
            assert_eq!(table.get(&0), Some(0));
            assert!(table.entries.len() <= KEPT);
        }
        assert_eq!(table.get(&1), None);
        assert_eq!(table.get(&(2 * KEPT)), None);
        for i in 2 * KEPT + 1..3 * KEPT {
            assert_eq!(table.get(&i), Some(i * i));
        }
    }
}
