//! NumPy's `.npy` files.

use npyz::{DType, NpyFile, Order, TypeChar, TypeStr};
use num_complex::Complex;

use super::{by_columns, shape, unusable};
use crate::base::Diagnostic;
use crate::check::{Data, Entries};
use crate::cli::load::safetensors::{HALF_EPSILON, half_to_f64};

/// Longer headers than this are not written by any program: the longest describe records, which hold no matrix.
const MAX_HEADER: usize = 1 << 16;

/// The array in a file's bytes.
pub(super) fn read(path: &str, bytes: &[u8]) -> Result<Data, Diagnostic> {
    sane_header(bytes).map_err(|what| unusable(path, what))?;
    let file = NpyFile::new(bytes).map_err(|error| unusable(path, error))?;
    let header = file.header().clone();
    let sizes: Option<Vec<usize>> = header.shape().iter().map(|n| usize::try_from(*n).ok()).collect();
    let sizes = sizes.ok_or_else(|| unusable(path, "its shape is larger than any memory"))?;
    let shape = shape(path, &sizes)?;
    let DType::Plain(ty) = header.dtype() else {
        return Err(
            unusable(path, "it holds records, not numbers").help("save one field of it: np.save(f, a['field'])")
        );
    };
    if header.uses_pickled_array() {
        return Err(unusable(path, "it holds Python objects, not numbers").help("save it as float64"));
    }
    let held = file.into_inner();
    // Nothing is allocated for an array before its bytes are known to be there.
    let needed = ty.num_bytes().and_then(|size| sizes.iter().try_fold(size, |total, n| total.checked_mul(*n)));
    if needed.is_none_or(|needed| held.len() < needed) {
        let needed = needed.map_or("more bytes than there is memory".to_owned(), |n| format!("{n} bytes of numbers"));
        let what = format!("it is truncated: its shape needs {needed}, it holds {}", held.len());
        return Err(unusable(path, what));
    }
    let (entries, epsilon) = numbers(NpyFile::with_header(header.clone(), held), &ty, path)?;
    let entries = match header.order() {
        Order::Fortran => entries,
        Order::C => by_columns(entries, &sizes),
    };
    Ok(Data { shape, entries, epsilon })
}

/// What a header must be before a parser that recurses and multiplies sizes may see it.
fn sane_header(bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("it is not a .npy file (it does not start with \\x93NUMPY)".to_owned());
    }
    let short = || "it is truncated within its header".to_owned();
    let (length, start) = match bytes.get(6).ok_or_else(short)? {
        1 => (usize::from(u16::from_le_bytes(array(bytes, 8).ok_or_else(short)?)), 10),
        2 | 3 => (u32::from_le_bytes(array(bytes, 8).ok_or_else(short)?) as usize, 12),
        version => return Err(format!("it has version {version} of the .npy format; 1, 2 and 3 are known")),
    };
    if length > MAX_HEADER {
        return Err(format!("its header claims {length} bytes, more than any array needs"));
    }
    let header = bytes.get(start..start + length).ok_or_else(short)?;
    let mut depth = 0usize;
    let mut product = 1u64;
    let mut number = 0u64;
    for byte in header.iter().chain(b" ") {
        match byte {
            b'0'..=b'9' => number = number.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
            _ => {
                product = product.saturating_mul(number.max(1));
                number = 0;
            }
        }
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 16 {
            return Err("its header is nested more deeply than any array's".to_owned());
        }
    }
    if product >= 1 << 62 {
        return Err("its header gives a size larger than any memory".to_owned());
    }
    Ok(())
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// The numbers in the order of the file, and the spacing of such numbers near 1. An integer beyond 2^53 becomes the nearest double.
fn numbers(file: NpyFile<&[u8]>, ty: &TypeStr, path: &str) -> Result<(Entries, f64), Diagnostic> {
    macro_rules! real {
        ($t:ty) => {
            file.into_vec::<$t>().map(|v| Entries::Real(v.into_iter().map(|x| x as f64).collect()))
        };
    }
    macro_rules! complex {
        ($t:ty) => {
            file.into_vec::<Complex<$t>>().map(|v| {
                Entries::Complex(v.into_iter().map(|z| Complex::new(f64::from(z.re), f64::from(z.im))).collect())
            })
        };
    }
    let (entries, epsilon) = match (ty.type_char(), ty.size_field()) {
        (TypeChar::Float, 2) => {
            let big = matches!(ty.endianness(), npyz::Endianness::Big);
            let held = file.into_inner();
            let word = |b: &[u8]| if big { u16::from_be_bytes([b[0], b[1]]) } else { u16::from_le_bytes([b[0], b[1]]) };
            let count = held.len() / 2;
            let v: Vec<f64> = held.chunks_exact(2).take(count).map(|b| half_to_f64(word(b))).collect();
            (Ok(Entries::Real(v)), HALF_EPSILON)
        }
        (TypeChar::Float, 4) => (real!(f32), f64::from(f32::EPSILON)),
        (TypeChar::Float, 8) => (real!(f64), f64::EPSILON),
        (TypeChar::Complex, 8) => (complex!(f32), f64::from(f32::EPSILON)),
        (TypeChar::Complex, 16) => (complex!(f64), f64::EPSILON),
        (TypeChar::Int, 1) => (real!(i8), f64::EPSILON),
        (TypeChar::Int, 2) => (real!(i16), f64::EPSILON),
        (TypeChar::Int, 4) => (real!(i32), f64::EPSILON),
        (TypeChar::Int, 8) => (real!(i64), f64::EPSILON),
        (TypeChar::Uint, 1) => (real!(u8), f64::EPSILON),
        (TypeChar::Uint, 2) => (real!(u16), f64::EPSILON),
        (TypeChar::Uint, 4) => (real!(u32), f64::EPSILON),
        (TypeChar::Uint, 8) => (real!(u64), f64::EPSILON),
        (TypeChar::Bool, _) => (
            file.into_vec::<bool>().map(|v| Entries::Real(v.into_iter().map(|x| if x { 1.0 } else { 0.0 }).collect())),
            f64::EPSILON,
        ),
        _ => {
            let what = format!("its entries have the type '{ty}', which holds no numbers that can be used");
            return Err(unusable(path, what).help("save it as float64: np.save(f, a.astype(np.float64))"));
        }
    };
    Ok((entries.map_err(|error| unusable(path, error))?, epsilon))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Shape;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn doubles(v: &[f64]) -> Vec<u8> {
        v.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn both_orders_give_the_same_matrix() {
        let c =
            file("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", &doubles(&[1., 2., 3., 4., 5., 6.]));
        let f = file("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", &doubles(&[1., 4., 2., 5., 3., 6.]));
        let c = read("c", &c).unwrap();
        assert_eq!(c, read("f", &f).unwrap());
        assert_eq!(c, Data::matrix(2, 3, Entries::Real(vec![1., 4., 2., 5., 3., 6.])));
    }

    #[test]
    fn other_types_and_ranks() {
        let scalar = file("{'descr': '<i4', 'fortran_order': False, 'shape': (), }", &7i32.to_le_bytes());
        let scalar = read("s", &scalar).unwrap();
        assert_eq!((scalar.shape, scalar.entries), (Shape::Scalar, Entries::Real(vec![7.0])));
        let complex: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|x| x.to_be_bytes()).collect();
        let complex = read("z", &file("{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }", &complex)).unwrap();
        assert_eq!(complex.entries, Entries::Complex(vec![Complex::new(1.5, -2.0)]));
        assert_eq!(complex.epsilon, f64::from(f32::EPSILON));
        let half =
            read("h", &file("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", &[0x00, 0x38])).unwrap();
        assert_eq!(half.entries, Entries::Real(vec![0.5]));
    }

    #[test]
    fn damaged_files_say_what_is_wrong() {
        let message = |bytes: &[u8]| read("x.npy", bytes).unwrap_err().message;
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }";
        let whole = file(header, &doubles(&[1., 2., 3., 4.]));
        for cut in 0..whole.len() {
            assert!(!message(&whole[..cut]).is_empty());
        }
        assert!(message(&whole[..whole.len() - 1]).contains("needs 32 bytes of numbers, it holds 31"));
        assert!(message(b"PK\x03\x04").contains("not a .npy file"));
        let shaped = |shape: &str| file(&header.replace("(2, 2)", shape), &[]);
        assert!(message(&shaped("(0, 3)")).contains("empty array of shape 0 × 3"));
        assert!(message(&shaped("(2, 3, 4)")).contains("rank 3"));
        assert!(message(&shaped("(9223372036854775807, 9223372036854775807)")).contains("larger than any memory"));
        assert!(message(&shaped("(100000000000, 1000000)")).contains("truncated"));
        assert!(message(&file(&"(".repeat(60000), &[])).contains("nested"));
        assert!(
            message(&file("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", &[0; 8])).contains("objects")
        );
        assert!(message(&file("{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }", &[0; 8])).contains("type"));
        let mut huge = b"\x93NUMPY\x02\x00".to_vec();
        huge.extend(u32::MAX.to_le_bytes());
        assert!(message(&huge).contains("claims 4294967295 bytes"));
    }
}
