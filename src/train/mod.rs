//! Training: from files of images to what a run recorded, read off the names of the folders.
//!
//! `data/` has the images, what is done to them at random, and the batches, prefetched on threads.

pub mod data;
