//! Which theorems of a file the proofs of others cite: each is checked after those that it cites, wherever they stand, and
//! none may rest on itself.

use crate::syntax::ast::{self, Statement};

/// The citations among the theorems of a file, which are named by their numbers in it.
pub(super) struct Citations<'a> {
    theorems: Vec<&'a ast::Theorem>,
    cited: Vec<Vec<usize>>,
}

impl<'a> Citations<'a> {
    /// Reads them off. A name that no theorem of the file has is one of an imported file, or a mistake.
    pub fn of(theorems: Vec<&'a ast::Theorem>) -> Self {
        let number = |name: &ast::Text| theorems.iter().position(|theorem| theorem.name.text == name.text);
        let cited = theorems.iter().map(|theorem| {
            let steps = theorem.statements.iter().flat_map(|statement| match statement {
                Statement::Proof(proof) => proof.steps.as_slice(),
                Statement::Forall(_)
                | Statement::Let(_)
                | Statement::Assume(_)
                | Statement::Claim(_)
                | Statement::Expect(..) => &[],
            });
            steps.flat_map(|step| &step.by).filter_map(number).collect()
        });
        let cited = cited.collect();
        Citations { theorems, cited }
    }

    /// The theorem with a number.
    pub fn theorem(&self, number: usize) -> &'a ast::Theorem {
        self.theorems[number]
    }

    /// A theorem and what it rests on, each after what it rests on itself: in circles, in some order.
    pub fn before(&self, theorem: usize) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.cited.len()];
        // What is met for the second time has all that it cites behind it.
        let mut stack = vec![(theorem, false)];
        while let Some((next, done)) = stack.pop() {
            if done {
                order.push(next);
            } else if !std::mem::replace(&mut seen[next], true) {
                stack.push((next, true));
                stack.extend(self.cited[next].iter().rev().map(|cited| (*cited, false)));
            }
        }
        order
    }

    /// The theorems that a theorem cites.
    pub fn cited(&self, theorem: usize) -> &[usize] {
        &self.cited[theorem]
    }

    /// The names of the theorems that a theorem cites and that rest on it, itself included.
    pub fn circular(&self, theorem: usize) -> Vec<&'a str> {
        let circular = |cited: &&usize| self.before(**cited).contains(&theorem);
        self.cited[theorem].iter().filter(circular).map(|cited| self.theorem(*cited).name.text.as_str()).collect()
    }
}
