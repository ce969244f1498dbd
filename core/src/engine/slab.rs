//! Things by small numbers that are used again, with a count of uses so that an old number is not taken for a new thing.

/// A place in a [`Slab`]: its index, and how often the index had been used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    index: u32,
    uses: u32,
}

impl Key {
    /// No key is less.
    pub(super) const FIRST: Key = Key { index: 0, uses: 0 };

    pub(super) const fn index(self) -> usize {
        self.index as usize
    }
}

#[derive(Debug)]
struct Place<T> {
    uses: u32,
    item: Option<T>,
}

/// A growing vector whose places are used again, the last freed first.
#[derive(Debug)]
pub(super) struct Slab<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, item: T) -> Key {
        if let Some(index) = self.free.pop()
            && let Some(place) = self.places.get_mut(index as usize)
        {
            place.item = Some(item);
            return Key { index, uses: place.uses };
        }
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place { uses: 0, item: Some(item) });
        Key { index, uses: 0 }
    }

    pub(super) fn get(&self, key: Key) -> Option<&T> {
        self.places.get(key.index()).filter(|place| place.uses == key.uses)?.item.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.places.get_mut(key.index()).filter(|place| place.uses == key.uses)?.item.as_mut()
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        let place = self.places.get_mut(key.index()).filter(|place| place.uses == key.uses)?;
        let item = place.item.take()?;
        place.uses = place.uses.wrapping_add(1);
        self.free.push(key.index);
        Some(item)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.places
            .iter()
            .zip(0..)
            .filter(|(place, _)| place.item.is_some())
            .map(|(place, index)| Key { index, uses: place.uses })
    }

    /// The key whose index this is now.
    pub(super) fn key_at(&self, index: usize) -> Option<Key> {
        let place = self.places.get(index).filter(|place| place.item.is_some())?;
        Some(Key { index: u32::try_from(index).ok()?, uses: place.uses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_under_another_key() {
        let mut slab = Slab::new();
        let (a, b) = (slab.insert('a'), slab.insert('b'));
        assert_eq!(slab.remove(a), Some('a'));
        assert_eq!((slab.remove(a), slab.get(a)), (None, None));
        let c = slab.insert('c');
        assert_eq!(c.index(), a.index());
        assert_ne!(c, a);
        assert_eq!((slab.get(a), slab.get(c), slab.get(b)), (None, Some(&'c'), Some(&'b')));
        assert_eq!(slab.keys().collect::<Vec<_>>(), [c, b]);
        assert_eq!((slab.len(), slab.key_at(0), slab.key_at(9)), (2, Some(c), None));
    }
}
