//! Colours of a view: `channels` planes of entries in [0, 1], red, green and blue or grey alone.
//!
//! The definitions are torchvision's, on floating-point tensors (`torchvision/transforms/_functional_tensor.py`): a change is
//! a blend of the picture with a duller one, by a factor that may exceed 1, cut off at 0 and 1. One channel has no saturation
//! and no hue: these leave it as it is.

/// The weights of red, green and blue in grey (ITU-R BT.601, as torchvision rounds them).
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

/// factor · a + (1 - factor) · b, cut off at 0 and 1.
fn blend(a: f32, b: f32, factor: f32) -> f32 {
    (factor * a + (1.0 - factor) * b).clamp(0.0, 1.0)
}

/// The three planes of a picture in colour; none for one in grey.
fn planes(image: &mut [f32], channels: usize) -> Option<[&mut [f32]; 3]> {
    if channels != 3 {
        return None;
    }
    let (red, rest) = image.split_at_mut(image.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    Some([red, green, blue])
}

fn grey(red: f32, green: f32, blue: f32) -> f32 {
    GREY[0] * red + GREY[1] * green + GREY[2] * blue
}

/// Blends with black: factor 0 is black, 1 the picture itself. `factor` ≥ 0.
pub fn brightness(image: &mut [f32], factor: f32) {
    image.iter_mut().for_each(|x| *x = blend(*x, 0.0, factor));
}

/// Blends with the mean of the picture in grey: factor 0 is flat grey, 1 the picture itself. `factor` ≥ 0.
pub fn contrast(image: &mut [f32], channels: usize, factor: f32) {
    let pixels = image.len() / channels;
    // In double precision, so that the mean of a large picture has all digits of its entries.
    let sum: f64 = match planes(image, channels) {
        Some([red, green, blue]) => {
            red.iter().zip(&*green).zip(&*blue).map(|((r, g), b)| f64::from(grey(*r, *g, *b))).sum()
        }
        None => image.iter().map(|x| f64::from(*x)).sum(),
    };
    let mean = (sum / pixels as f64) as f32;
    image.iter_mut().for_each(|x| *x = blend(*x, mean, factor));
}

/// Blends with the picture in grey: factor 0 is grey, 1 the picture itself. `factor` ≥ 0.
pub fn saturation(image: &mut [f32], channels: usize, factor: f32) {
    let Some([red, green, blue]) = planes(image, channels) else { return };
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        let dull = grey(*r, *g, *b);
        (*r, *g, *b) = (blend(*r, dull, factor), blend(*g, dull, factor), blend(*b, dull, factor));
    }
}

/// Turns the hue by a share of the circle: 1/3 makes red green. `shift` in [-1/2, 1/2].
pub fn hue(image: &mut [f32], channels: usize, shift: f32) {
    let Some([red, green, blue]) = planes(image, channels) else { return };
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        let [h, s, v] = to_hsv([*r, *g, *b]);
        [*r, *g, *b] = from_hsv([(h + shift).rem_euclid(1.0), s, v]);
    }
}

/// Makes the picture grey, with as many equal channels as it has.
pub fn grayscale(image: &mut [f32], channels: usize) {
    let Some([red, green, blue]) = planes(image, channels) else { return };
    for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
        let dull = grey(*r, *g, *b);
        (*r, *g, *b) = (dull, dull, dull);
    }
}

/// Hue, as a share of the circle, saturation and value (Smith 1978) of red, green and blue.
fn to_hsv([r, g, b]: [f32; 3]) -> [f32; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let range = most - least;
    if range == 0.0 {
        return [0.0, 0.0, most];
    }
    let [rc, gc, bc] = [r, g, b].map(|c| (most - c) / range);
    let sixths = if most == r {
        bc - gc
    } else if most == g {
        2.0 + rc - bc
    } else {
        4.0 + gc - rc
    };
    // From above -1 to below 6.
    [(sixths / 6.0 + 1.0).fract(), range / most, most]
}

/// Red, green and blue of hue, saturation and value.
fn from_hsv([h, s, v]: [f32; 3]) -> [f32; 3] {
    let sixth = (h * 6.0).floor();
    let f = h * 6.0 - sixth;
    let p = (v * (1.0 - s)).clamp(0.0, 1.0);
    let q = (v * (1.0 - s * f)).clamp(0.0, 1.0);
    let t = (v * (1.0 - s * (1.0 - f))).clamp(0.0, 1.0);
    // A hue that rounding has brought to 1 is a hue of 0.
    match sixth as u8 % 6 {
        0 => [v, t, p],
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        _ => [v, p, q],
    }
}
