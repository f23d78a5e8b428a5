//! "Did you mean": the nearest known name to a misspelt one.

/// The candidate nearest to `name`, when it is near enough to be a likely misspelling.
///
/// Distance is Damerau-Levenshtein; up to a third of the name's characters may differ, or one of two, and a difference of
/// case alone always counts as near: no letter is a misspelling of another. Ties go to the candidate that comes first.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let allowed = match name.chars().count() {
        0 | 1 => 0,
        count => (count / 3).max(1),
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn finds_transpositions_and_case_but_nothing_far() {
        assert_eq!(did_you_mean("entorpy", ["trace", "entropy"]), Some("entropy"));
        assert_eq!(did_you_mean("Gram", ["gram", "cov"]), Some("gram"));
        assert_eq!(did_you_mean("zzz", ["gram", "cov"]), None);
        assert_eq!(did_you_mean("b", ["n", "B"]), Some("B"));
        assert_eq!(did_you_mean("b", ["n", "K"]), None);
    }
}
