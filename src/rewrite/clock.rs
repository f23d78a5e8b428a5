//! What has to be looked at again, where each class of an e-graph takes the best of its terms and a term rests on the choices
//! for its operands.

use egg::Id;
use rustc_hash::FxHashMap;

/// When each class has changed its choice, and when each term was last looked at.
#[derive(Default)]
pub(super) struct Clock {
    now: u64,
    changed: FxHashMap<Id, u64>,
    looked: FxHashMap<(Id, usize), u64>,
}

impl Clock {
    /// Whether a term, told by its class and its place there, has not been looked at since one of the classes of its operands
    /// changed, or not at all. It counts as looked at from here on.
    pub fn is_due(&mut self, place: (Id, usize), operands: impl Iterator<Item = Id>) -> bool {
        let last = operands.filter_map(|operand| self.changed.get(&operand)).max().copied().unwrap_or(0);
        self.looked.insert(place, self.now).is_none_or(|looked| looked < last)
    }

    /// A class has made another choice.
    pub fn changed(&mut self, class: Id) {
        self.now += 1;
        self.changed.insert(class, self.now);
    }
}
