//! `.safetensors` files.

use num_complex::Complex;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{by_columns, shape, unusable};
use crate::base::{Diagnostic, did_you_mean};
use crate::check::{Data, Entries};

/// The spacing of half-precision numbers near 1.
pub(super) const HALF_EPSILON: f64 = 1.0 / 1024.0;

const SINGLE_EPSILON: f64 = f32::EPSILON as f64;

/// The tensor of this name in a file's bytes, or its only tensor.
pub(super) fn read(path: &str, name: Option<&str>, bytes: &[u8]) -> Result<Data, Diagnostic> {
    // The crate checks every offset against the file's length before anything is allocated.
    let file = SafeTensors::deserialize(bytes).map_err(|error| unusable(path, error))?;
    let mut names = file.names();
    names.sort_unstable();
    let name = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, []) => return Err(unusable(path, "it holds no tensor")),
        (None, several) => {
            let what = format!("it holds {} tensors and none is named", several.len());
            let help = format!("name one: {path}:{}", several[0]);
            return Err(unusable(path, what).note(listed(several)).help(help));
        }
    };
    let Ok(tensor) = file.tensor(name) else {
        let near = did_you_mean(name, names.iter().copied()).map(|near| format!("did you mean '{near}'?"));
        let what = format!("it holds no tensor '{name}'");
        return Err(unusable(path, what).note(listed(&names)).maybe_help(near));
    };
    let shape = shape(path, tensor.shape())?;
    let (entries, epsilon) = numbers(&tensor).ok_or_else(|| {
        let what = format!("the entries of '{name}' have the type {:?}, which cannot be used", tensor.dtype());
        unusable(path, what).help("save it as F32 or F64")
    })?;
    Ok(Data { shape, entries: by_columns(entries, tensor.shape()), epsilon })
}

fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    format!("it holds {}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// The numbers, row by row, and the spacing of such numbers near 1; safetensors are always little-endian and in C order.
fn numbers(tensor: &TensorView<'_>) -> Option<(Entries, f64)> {
    fn words<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks::<N>().0.iter().map(|word| number(*word)).collect()
    }
    let bytes = tensor.data();
    let (values, epsilon) = match tensor.dtype() {
        Dtype::F64 => (words(bytes, f64::from_le_bytes), f64::EPSILON),
        Dtype::F32 => (words(bytes, |b| f64::from(f32::from_le_bytes(b))), SINGLE_EPSILON),
        Dtype::F16 => (words(bytes, |b| half_to_f64(u16::from_le_bytes(b))), HALF_EPSILON),
        // A brain float is the upper half of a single.
        Dtype::BF16 => {
            (words(bytes, |b| f64::from(f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))), 2f64.powi(-7))
        }
        Dtype::I64 => (words(bytes, |b| i64::from_le_bytes(b) as f64), f64::EPSILON),
        Dtype::U64 => (words(bytes, |b| u64::from_le_bytes(b) as f64), f64::EPSILON),
        Dtype::I32 => (words(bytes, |b| f64::from(i32::from_le_bytes(b))), f64::EPSILON),
        Dtype::U32 => (words(bytes, |b| f64::from(u32::from_le_bytes(b))), f64::EPSILON),
        Dtype::I16 => (words(bytes, |b| f64::from(i16::from_le_bytes(b))), f64::EPSILON),
        Dtype::U16 => (words(bytes, |b| f64::from(u16::from_le_bytes(b))), f64::EPSILON),
        Dtype::I8 => (words(bytes, |b: [u8; 1]| f64::from(b[0] as i8)), f64::EPSILON),
        Dtype::U8 | Dtype::BOOL => (words(bytes, |b: [u8; 1]| f64::from(b[0])), f64::EPSILON),
        Dtype::C64 => {
            let parts = words(bytes, |b| f64::from(f32::from_le_bytes(b)));
            let pairs = parts.as_chunks::<2>().0.iter().map(|[re, im]| Complex::new(*re, *im)).collect();
            return Some((Entries::Complex(pairs), SINGLE_EPSILON));
        }
        // The formats of 8 bits and fewer, and those still to come.
        _ => return None,
    };
    Some((Entries::Real(values), epsilon))
}

/// The value of an IEEE 754 half-precision number.
pub(super) fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Shape;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn halves_of_both_kinds_are_exact() {
        assert_eq!(half_to_f64(0x3c00), 1.0);
        assert_eq!(half_to_f64(0xc000), -2.0);
        assert_eq!(half_to_f64(0x0001), 2f64.powi(-24));
        assert_eq!(half_to_f64(0x7bff), 65504.0);
        assert!(half_to_f64(0x7c00).is_infinite() && half_to_f64(0x7e00).is_nan());
        let header = r#"{"w":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}"#;
        let data = read("w", None, &file(header, &[0x80, 0x3f, 0x00, 0xc0])).unwrap();
        assert_eq!(data.entries, Entries::Real(vec![1.0, -2.0]));
        assert_eq!(data.shape, Data::matrix(1, 2, data.entries.clone()).shape);
    }

    #[test]
    fn several_tensors_need_a_name() {
        let header = concat!(
            r#"{"key":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#,
            r#""query":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}"#
        );
        let bytes = file(header, &[0; 8]);
        assert_eq!(read("w", Some("query"), &bytes).unwrap().shape, Shape::Scalar);
        assert_eq!(read("w", None, &bytes).unwrap_err().help, ["name one: w:key"]);
        assert_eq!(read("w", Some("qeury"), &bytes).unwrap_err().help, ["did you mean 'query'?"]);
    }

    #[test]
    fn damaged_files_are_errors() {
        let header = r#"{"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#;
        let whole = file(header, &[0; 16]);
        assert!(read("w", None, &whole).is_ok());
        for cut in 0..whole.len() {
            assert!(read("w", None, &whole[..cut]).is_err());
        }
        assert!(read("w", None, &u64::MAX.to_le_bytes()).is_err());
        assert!(read("w", None, &file(&"[".repeat(100_000), &[])).is_err());
        assert!(read("w", None, &file("{}", &[])).is_err());
    }
}
