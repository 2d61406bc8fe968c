//! Names and servers, each held once and known by a number as long as an entry uses it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// What a number stands for; readers share it.
pub(super) type Keys<K> = Arc<Vec<Option<K>>>;

/// Values of which each is held once.
///
/// Full, it takes no new one until the last entry that uses an old one is forgotten: whoever makes up
/// names does not push out those in use.
#[derive(Debug)]
pub(super) struct Table<K> {
    numbers: HashMap<K, u16, RandomState>,
    keys: Keys<K>,
    uses: Vec<u32>,
    free: Vec<u16>,
    most: usize,
}

impl<K: Hash + Eq + Clone> Table<K> {
    /// Room for `most` values.
    pub(super) fn new(most: u16) -> Self {
        Self {
            numbers: HashMap::default(),
            keys: Arc::default(),
            uses: Vec::new(),
            free: Vec::new(),
            most: most.into(),
        }
    }

    /// The number of `key` if it is there.
    pub(super) fn number(&self, key: &K) -> Option<u16> {
        self.numbers.get(key).copied()
    }

    /// The number of `key` for one more entry; none where there is no room for it.
    pub(super) fn take<Q>(&mut self, key: &Q) -> Option<u16>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q> + for<'a> From<&'a Q>,
    {
        let number = match self.numbers.get(key) {
            Some(number) => *number,
            None => self.add(K::from(key))?,
        };
        *self.uses.get_mut(usize::from(number))? += 1;
        Some(number)
    }

    /// An entry that used `number` is forgotten.
    pub(super) fn release(&mut self, number: u16) {
        let at = usize::from(number);
        let Some(uses) = self.uses.get_mut(at) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0
            && let Some(key) = Arc::make_mut(&mut self.keys).get_mut(at).and_then(Option::take)
        {
            self.numbers.remove(&key);
            self.free.push(number);
        }
    }

    pub(super) fn keys(&self) -> Keys<K> {
        Arc::clone(&self.keys)
    }

    fn add(&mut self, key: K) -> Option<u16> {
        let keys = Arc::make_mut(&mut self.keys);
        let number = match self.free.pop() {
            Some(number) => {
                *keys.get_mut(usize::from(number))? = Some(key.clone());
                number
            }
            None if keys.len() < self.most => {
                keys.push(Some(key.clone()));
                self.uses.push(0);
                u16::try_from(keys.len() - 1).ok()?
            }
            None => return None,
        };
        self.numbers.insert(key, number);
        Some(number)
    }
}
