//! Batches in order, made ahead of time on threads.
//!
//! Each thread takes the next batch that nobody makes yet, unless so many are ahead of the consumer that it waits. What is in
//! a batch follows from its number alone, so that threads and their speed change nothing but the time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;

use super::recipe::Kitchen;
use super::{Images, Recipe};
use crate::base::{Code, Diagnostic, Key};

/// How batches are put together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Images in a batch.
    pub batch: usize,
    /// The seed of the order and of every view.
    pub seed: u64,
    /// Whether each epoch has an order of its own, or all have that of the data set.
    pub shuffle: bool,
    /// Whether the images that are left when an epoch is cut into batches are left out; they make a smaller batch otherwise.
    pub drop_last: bool,
    /// Threads that make batches; 0 for one per processor.
    pub threads: usize,
    /// How many batches may be ready or in the making ahead of the consumer; at least 1.
    pub ahead: usize,
}

/// A batch of B images, V views of each.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// V views, each B × channels × height × width entries, normalised.
    pub views: Vec<Vec<f32>>,
    /// The label of each image.
    pub labels: Vec<i64>,
    /// The number of each image in the data set.
    pub indices: Vec<usize>,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The number of the batch in its epoch, from 0.
    pub number: usize,
    /// A number that names this batch, a function of the loader's seed, the epoch and the number: two batches of a run do
    /// not share theirs.
    pub seed: u64,
}

/// Batches of the images, in order: an iterator that ends with the last one, or with the first error.
pub struct Loader {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    stalled: Duration,
}

/// The streams of the loader's key: the order of each epoch, and from the second on one for each view.
const ORDER: u64 = 0;
const VIEWS: u64 = 1;

/// What the consumer and the threads share.
struct Shared {
    plan: Plan,
    state: Mutex<State>,
    /// A batch was delivered, or all is over: there may be room for another.
    room: Condvar,
    /// A batch is ready, or a thread has panicked.
    ready: Condvar,
}

/// What the batches are made from.
struct Plan {
    images: Arc<Images>,
    recipe: Recipe,
    options: Options,
    key: Key,
    batches: usize,
}

/// Steps count batches from the start of the first epoch.
struct State {
    /// The next one that a thread will take.
    taken: u64,
    /// The next one for the consumer.
    delivered: u64,
    end: u64,
    made: BTreeMap<u64, Result<Batch, Diagnostic>>,
    /// The order of the images in an epoch, kept while batches of it are made.
    orders: BTreeMap<u64, Arc<Vec<usize>>>,
    /// Buffers that the consumer is done with.
    spare: Vec<Vec<f32>>,
    /// Whether a thread has panicked: the batch that it was to make will not come.
    panicked: bool,
    stopped: bool,
}

impl Options {
    /// Shuffled batches of 256 without the rest, for training.
    pub fn training(seed: u64) -> Self {
        Options { batch: 256, seed, shuffle: true, drop_last: true, threads: 0, ahead: 4 }
    }

    /// Every image once, in the order of the data set.
    pub fn evaluation() -> Self {
        Options { shuffle: false, drop_last: false, ..Options::training(0) }
    }

    /// How many batches an epoch of so many images has.
    pub fn batches(&self, images: usize) -> usize {
        if self.drop_last { images / self.batch.max(1) } else { images.div_ceil(self.batch.max(1)) }
    }
}

impl Loader {
    /// The batches of one epoch.
    ///
    /// # Errors
    /// As [`Loader::steps`].
    pub fn epoch(images: &Arc<Images>, recipe: &Recipe, options: &Options, epoch: u64) -> Result<Self, Diagnostic> {
        let batches = options.batches(images.len()) as u64;
        Loader::steps(images, recipe, options, epoch * batches..(epoch + 1) * batches)
    }

    /// The batches of these steps, which are counted from the start of epoch 0 through all epochs: step s is batch `s % n` of
    /// epoch `s / n`, with n = [`Options::batches`]. A run that stopped before step s goes on with `s..end`.
    ///
    /// # Errors
    /// E1007 where the recipe cannot be followed, a batch has no images or more than there are, or no thread starts.
    pub fn steps(
        images: &Arc<Images>,
        recipe: &Recipe,
        options: &Options,
        steps: Range<u64>,
    ) -> Result<Self, Diagnostic> {
        let [_, height, width] = images.shape();
        recipe.check([height, width])?;
        let batches = options.batches(images.len());
        if options.batch == 0 || batches == 0 {
            let message = format!("{} images make no batch of {}", images.len(), options.batch);
            return Err(Diagnostic::new(Code::E1007, message).help(format!("take a batch of 1 to {}", images.len())));
        }
        let (images, recipe, options) = (Arc::clone(images), recipe.clone(), options.clone());
        let key = Key::new(options.seed, "batches of images");
        let wanted = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let state = State {
            taken: steps.start,
            delivered: steps.start,
            end: steps.end.max(steps.start),
            made: BTreeMap::new(),
            orders: BTreeMap::new(),
            spare: Vec::new(),
            panicked: false,
            stopped: false,
        };
        let shared = Arc::new(Shared {
            plan: Plan { images, recipe, options, key, batches },
            state: Mutex::new(state),
            room: Condvar::new(),
            ready: Condvar::new(),
        });
        let mut loader = Loader { shared, threads: Vec::new(), stalled: Duration::ZERO };
        for number in 0..wanted {
            let shared = Arc::clone(&loader.shared);
            let name = format!("data {number}");
            // An error drops the loader, which ends the threads that did start.
            let thread = std::thread::Builder::new().name(name).spawn(move || work(&shared)).map_err(|error| {
                Diagnostic::new(Code::E1007, format!("{wanted} threads could not be started")).note(error.to_string())
            })?;
            loader.threads.push(thread);
        }
        Ok(loader)
    }

    /// How long the consumer has waited for batches in all.
    pub fn stalled(&self) -> Duration {
        self.stalled
    }

    /// Takes back a batch whose entries are no longer needed: its buffers are used again.
    pub fn recycle(&self, batch: Batch) {
        self.shared.lock().spare.extend(batch.views);
    }
}

impl Iterator for Loader {
    type Item = Result<Batch, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = Instant::now();
        let mut state = self.shared.lock();
        let result = loop {
            if state.stopped || state.delivered == state.end {
                return None;
            }
            let step = state.delivered;
            if let Some(made) = state.made.remove(&step) {
                break made;
            }
            if state.panicked {
                break Err(Diagnostic::new(Code::E1008, format!("batch {step} was not made: a thread panicked"))
                    .help("this is a bug: please report it with the command and the data"));
            }
            state = self.shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.delivered += 1;
        state.stopped = result.is_err();
        drop(state);
        self.shared.room.notify_all();
        self.stalled += start.elapsed();
        Some(result)
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.room.notify_all();
        for thread in self.threads.drain(..) {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The state; a thread that panicked has not left it half changed, since batches are made outside the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the consumer that a thread has panicked, who would wait for ever otherwise.
struct Working<'a>(&'a Shared);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().panicked = true;
            self.0.ready.notify_all();
        }
    }
}

/// What a thread does: one batch after another, until there are no more.
fn work(shared: &Shared) {
    let _working = Working(shared);
    let plan = &shared.plan;
    let mut kitchen = Kitchen::new(&plan.recipe, &plan.images);
    loop {
        let mut state = shared.lock();
        while !state.stopped
            && state.taken < state.end
            && state.taken >= state.delivered + plan.options.ahead.max(1) as u64
        {
            state = shared.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped || state.taken >= state.end {
            return;
        }
        let step = state.taken;
        state.taken += 1;
        let epoch = step / plan.batches as u64;
        let delivering = state.delivered / plan.batches as u64;
        state.orders.retain(|epoch, _| *epoch >= delivering);
        // Under the lock, so that one thread alone works it out.
        let order = Arc::clone(state.orders.entry(epoch).or_insert_with(|| Arc::new(plan.order(epoch))));
        let views = state.spare.len().min(plan.recipe.views);
        let rest = state.spare.len() - views;
        let buffers = state.spare.split_off(rest);
        drop(state);
        let made = plan.batch(step, &order, buffers, &mut kitchen);
        shared.lock().made.insert(step, made);
        shared.ready.notify_all();
    }
}

impl Plan {
    /// The order of the images in an epoch.
    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        if self.options.shuffle {
            order.shuffle(&mut self.key.generator(ORDER, epoch));
        }
        order
    }

    /// The batch of a step.
    fn batch(
        &self,
        step: u64,
        order: &[usize],
        mut buffers: Vec<Vec<f32>>,
        kitchen: &mut Kitchen,
    ) -> Result<Batch, Diagnostic> {
        // The remainder is below the number of batches, which is a usize.
        let (epoch, number) = (step / self.batches as u64, (step % self.batches as u64) as usize);
        let start = number * self.options.batch;
        let indices = order[start..order.len().min(start + self.options.batch)].to_vec();
        let size = self.images.shape().iter().product::<usize>();
        buffers.resize_with(self.recipe.views, Vec::new);
        for buffer in &mut buffers {
            buffer.resize(indices.len() * size, 0.0);
        }
        let key = self.key.part(epoch);
        for (place, index) in indices.iter().enumerate() {
            let picture = self.images.picture(*index)?;
            for (view, buffer) in buffers.iter_mut().enumerate() {
                let mut rng = key.generator(VIEWS + view as u64, *index as u64);
                kitchen.view(&picture, &mut rng, &mut buffer[place * size..][..size]);
            }
        }
        let labels = indices.iter().map(|index| self.images.labels()[*index]).collect();
        Ok(Batch { views: buffers, labels, indices, epoch, number, seed: key.part(number as u64).number() })
    }
}
