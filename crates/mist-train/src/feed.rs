//! Batches made ahead of time by a pool of threads, for a device that must not wait for them.

use crate::{BatchSource, TaskBatch, TrainError};
use candle_core::Device;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

type Made = Result<TaskBatch, TrainError>;

/// Hands out batches in order, and keeps at most `depth` of them in memory.
pub(crate) struct Feed {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    waited: Duration,
    depths: (u64, u64),
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    depth: u64,
}

struct Queue {
    ready: BTreeMap<u64, Made>,
    /// The next batch that no thread has begun.
    next: u64,
    /// The next batch to hand out.
    wanted: u64,
    stop: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("no thread panicked with the lock")
    }
}

impl Feed {
    /// `threads` threads that draw batches from `first` on.
    pub(crate) fn new(source: &BatchSource, threads: usize, depth: usize, first: u64) -> Self {
        let queue = Queue { ready: BTreeMap::new(), next: first, wanted: first, stop: false };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new(), depth: depth as u64 });
        let spawn = |_| {
            let (source, shared) = (source.clone(), shared.clone());
            std::thread::spawn(move || fill(&source, &shared))
        };
        let threads = (0..threads.max(1)).map(spawn).collect();
        Self { shared, threads, waited: Duration::ZERO, depths: (0, 0) }
    }

    /// The next batch, on the CPU.
    pub(crate) fn take(&mut self) -> Made {
        let start = Instant::now();
        let mut queue = self.shared.lock();
        self.depths.0 += queue.ready.len() as u64;
        self.depths.1 += 1;
        let made = loop {
            let wanted = queue.wanted;
            if let Some(made) = queue.ready.remove(&wanted) {
                queue.wanted += 1;
                break made;
            }
            queue = self.shared.changed.wait(queue).expect("no thread panicked with the lock");
        };
        drop(queue);
        self.shared.changed.notify_all();
        self.waited += start.elapsed();
        made
    }

    /// Since the last call: time spent waiting for batches, and mean number of batches found ready.
    pub(crate) fn load(&mut self) -> (Duration, f64) {
        let (sum, count) = std::mem::take(&mut self.depths);
        (std::mem::take(&mut self.waited), sum as f64 / count.max(1) as f64)
    }
}

fn fill(source: &BatchSource, shared: &Shared) {
    loop {
        let mut queue = shared.lock();
        // A bound on what is begun bounds what is ready, too.
        while !queue.stop && queue.next >= queue.wanted + shared.depth {
            queue = shared.changed.wait(queue).expect("no thread panicked with the lock");
        }
        if queue.stop {
            return;
        }
        let k = queue.next;
        queue.next += 1;
        drop(queue);
        // A panic in the generator must reach the one who waits for the batch, not leave it waiting.
        let made = std::panic::catch_unwind(|| source.draw(k, &Device::Cpu));
        let made = made.unwrap_or_else(|_| Err(TrainError::Config(format!("drawing batch {k} failed, see above"))));
        shared.lock().ready.insert(k, made);
        shared.changed.notify_all();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // It does not panic: what it runs is caught.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrainConfig;
    use candle_core::Tensor;

    #[test]
    fn hands_out_every_batch_in_order_and_stays_within_its_depth() {
        let text = "name = \"a\"\nmeta = \"m_train\"\nseed = 9\nsteps = 1\n\
            [batch]\ncells = 500\nmax_tasks = 3\nmin_tasks = 1\nper_step = 1\n";
        let config = TrainConfig::from_toml(text).unwrap();
        let source = BatchSource::new(config.meta().unwrap(), &config);
        for (threads, depth) in [(1, 1), (3, 4), (4, 2)] {
            let mut feed = Feed::new(&source, threads, depth, 5);
            for k in 5..17 {
                let batch = feed.take().unwrap();
                let want = source.draw(k, &Device::Cpu).unwrap();
                let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert_eq!(flat(&batch.batch.z), flat(&want.batch.z));
                assert_eq!(flat(&batch.mi_nats), flat(&want.mi_nats));
                let queue = feed.shared.lock();
                assert!(queue.next <= queue.wanted + depth as u64);
            }
            let (_, mean) = feed.load();
            assert!((0.0..=depth as f64).contains(&mean), "{mean}");
            drop(feed); // must not hang
        }
    }
}
