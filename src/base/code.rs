//! The kinds of mistake, one row each. The long story of a row is `codes/<CODE>.md`.

use std::fmt;

macro_rules! codes {
    ($($code:ident $title:literal;)*) => {
        /// A kind of mistake, named by a code that stays the same from one version to the next.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $(#[doc = $title] $code,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code,)*];

            /// The mistake in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// The long story: what the mistake is, an example, and how to mend it (Markdown).
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("codes/", stringify!($code), ".md")),)* }
            }
        }
    };
}

// 01 spelling and grammar, 02 names and calls, 03 sizes, 04 facts and domains, 05 kinds of value, 06 theorems,
// 07 evaluation and derivation, 08 files and what else is outside, 09 witnesses, 10 training.
codes! {
    E0101 "a character that no token starts with";
    E0102 "something else was expected here";
    E0103 "a bracket that is never closed";
    E0104 "a number that cannot be read";
    E0105 "nested too deeply";
    E0106 "a string that is never closed";
    E0107 "a statement that does not start with a keyword";
    E0108 "the rows of a matrix differ in length";
    E0109 "comparisons that do not chain";
    E0110 "a sign that is spelled otherwise";
    E0111 "a keyword used as a name";
    E0201 "an unknown name";
    E0202 "an unknown function";
    E0203 "the wrong number of arguments";
    E0204 "an unknown named argument";
    E0205 "a name defined twice";
    E0206 "a definition that calls itself";
    E0207 "an argument given twice";
    E0208 "a function used as a value";
    E0301 "sizes that do not match";
    E0302 "a scalar added to a matrix";
    E0303 "a square matrix was needed";
    E0304 "an index outside the matrix";
    E0305 "a size that is not a positive integer";
    E0306 "a size that nothing determines";
    E0401 "an argument outside the parameter's domain";
    E0402 "a Hermitian matrix was needed";
    E0403 "an unknown domain";
    E0404 "a condition of the definition is broken";
    E0405 "a positive semi-definite matrix was needed";
    E0406 "an empty or malformed set";
    E0501 "a scalar was needed";
    E0502 "a matrix was needed";
    E0503 "a condition was needed";
    E0504 "a real number was needed";
    E0505 "a value was needed, not a condition";
    E0506 "two values of different kinds";
    E0507 "a constant was needed";
    E0508 "an option that is not known";
    E0601 "a theorem that claims nothing";
    E0602 "a theorem's name used twice";
    E0603 "a clause that does not fit its claim";
    E0605 "a quantified name that cannot be used so";
    E0606 "an unknown lemma";
    E0607 "a proof that does not lead to its claim";
    E0608 "a theorem that cannot be cited";
    E0701 "a value that is not a number";
    E0702 "a matrix that breaks its domain";
    E0703 "a decomposition that did not converge";
    E0704 "a step of a proof that does not follow";
    E0705 "a definition that cannot be linted";
    E0801 "a file that cannot be read";
    E0802 "a text that is not UTF-8";
    E0803 "a data file that cannot be used";
    E0804 "an import that goes in a circle";
    E0805 "a file that cannot be written";
    E0806 "a data file with nan or inf";
    E0807 "a command line that cannot be followed";
    E0808 "torch is not built in";
    E0809 "a device that cannot be used";
    E0810 "another torch than the one that was built with";
    E0811 "tensors or constants that do not fit a loss";
    E0812 "an operation that torch refused";
    E0813 "a gradient that is not differentiated once more";
    E0901 "a file that is no witness";
    E0902 "a witness against a claim that is not there";
    E0903 "a witness against another statement";
    E0904 "a witness that does not fit its theorem";
    E0905 "a witness outside the sets of its theorem";
    E0906 "a witness that breaks a hypothesis";
    E0907 "a witness that refutes nothing";
    E1001 "a source of images that is none";
    E1002 "a data set that is not there";
    E1003 "a file of images or labels that is damaged";
    E1004 "labels that do not fit their images";
    E1005 "a folder of pictures that cannot be used";
    E1006 "a picture that cannot be decoded";
    E1007 "batches that cannot be made so";
    E1008 "a batch that was not made";
    E1011 "patches that do not cut up the image";
    E1012 "a network that cannot be built";
    E1013 "a mask that hides nothing, or all";
    E1014 "a batch that does not fit the network";
    E1021 "a table of a run that cannot be continued";
    E1022 "a figure that cannot be drawn";
    E1031 "features that cannot be probed";
    E1041 "a method that there is not";
    E1042 "a run that cannot be";
    E1043 "a checkpoint that cannot be used";
    E1044 "a loss that the network does not fit";
    E1045 "a loss that is not finite";
    E1046 "a run that is made from something else by now";
    E1047 "a folder that another process trains in";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Code::ALL.iter().copied().find(|code| code.to_string().eq_ignore_ascii_case(text)).ok_or(())
    }
}
