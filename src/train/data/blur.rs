//! The Gaussian blur of torchvision (`gaussian_blur`): a kernel of an odd number of entries, along rows and then along
//! columns, with the picture mirrored at its borders, the pixel at the border not repeated.

/// The kernel: exp(-(i/σ)²/2) for i from -(size-1)/2 to (size-1)/2, with sum 1. `size` odd, `sigma` > 0.
fn kernel(size: usize, sigma: f32) -> Vec<f32> {
    let half = (size / 2) as f32;
    let weights: Vec<f32> = (0..size).map(|i| (-0.5 * ((i as f32 - half) / sigma).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// The entry that stands for one outside 0 to `side` - 1: its mirror image at the border. At most one side away.
fn mirrored(at: isize, side: isize) -> usize {
    let inside = if at < 0 {
        -at
    } else if at >= side {
        2 * side - 2 - at
    } else {
        at
    };
    inside.unsigned_abs()
}

/// Blurs each plane of `height` × `width` entries. The `size` of the kernel is odd, `size / 2` is below both sides, and its
/// deviation `sigma` > 0; `line` is a buffer.
pub fn gaussian_blur(image: &mut [f32], [height, width]: [usize; 2], size: usize, sigma: f32, line: &mut Vec<f32>) {
    let kernel = kernel(size, sigma);
    for plane in image.chunks_exact_mut(height * width) {
        for row in plane.chunks_exact_mut(width) {
            extend(row.iter().copied(), width, size / 2, line);
            convolve(line, &kernel, row.iter_mut());
        }
        // Down the columns a row at a time, so that memory is gone through in its order.
        line.clear();
        line.extend_from_slice(plane);
        for (at, row) in plane.chunks_exact_mut(width).enumerate() {
            row.fill(0.0);
            for (tap, weight) in kernel.iter().enumerate() {
                let from = mirrored(at as isize + tap as isize - (size / 2) as isize, height as isize);
                let above = &line[from * width..][..width];
                row.iter_mut().zip(above).for_each(|(entry, x)| *entry += weight * x);
            }
        }
    }
}

/// A line with `half` mirrored entries at each end.
fn extend(entries: impl Iterator<Item = f32>, side: usize, half: usize, line: &mut Vec<f32>) {
    line.clear();
    line.resize(half, 0.0);
    line.extend(entries);
    line.resize(side + 2 * half, 0.0);
    let inside = |at: usize| half + mirrored(at as isize - half as isize, side as isize);
    for at in (0..half).chain(side + half..side + 2 * half) {
        line[at] = line[inside(at)];
    }
}

fn convolve<'a>(line: &[f32], kernel: &[f32], to: impl Iterator<Item = &'a mut f32>) {
    for (window, entry) in line.windows(kernel.len()).zip(to) {
        *entry = window.iter().zip(kernel).map(|(x, weight)| x * weight).sum();
    }
}
