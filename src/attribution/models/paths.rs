//! Journeys by the thousand, in columns: the numbers of the channels touched, and what came of it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Journeys, or groups of equal ones.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    channels: Vec<u32>,
    ends: Vec<usize>,
    conversions: Vec<f64>,
    nulls: Vec<f64>,
    values: Vec<f64>,
}

/// One journey, or a group of equal ones.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    /// Oldest first.
    pub channels: &'a [u32],
    /// How many of them converted.
    pub conversions: f64,
    /// How many did not.
    pub nulls: f64,
    /// What the conversions are worth together.
    pub value: f64,
}

impl Paths {
    /// Adds a journey; one without a touch says nothing about channels, a group of none nothing at all: both are left out.
    pub fn push(&mut self, channels: impl IntoIterator<Item = u32>, conversions: f64, nulls: f64, value: f64) {
        let before = self.channels.len();
        self.channels.extend(channels);
        if self.channels.len() == before || conversions + nulls <= 0.0 {
            self.channels.truncate(before);
            return;
        }
        self.ends.push(self.channels.len());
        self.conversions.push(conversions);
        self.nulls.push(nulls);
        self.values.push(value);
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Path<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let counts = self.conversions.iter().zip(&self.nulls).zip(&self.values);
        starts.zip(&self.ends).zip(counts).map(|((start, end), ((conversions, nulls), value))| Path {
            channels: &self.channels[start..*end],
            conversions: *conversions,
            nulls: *nulls,
            value: *value,
        })
    }

    /// One more than the largest channel number.
    pub fn channel_count(&self) -> usize {
        self.channels.iter().max().map_or(0, |most| *most as usize + 1)
    }

    /// Conversions and their worth, all together.
    pub fn totals(&self) -> (f64, f64) {
        (self.conversions.iter().sum(), self.values.iter().sum())
    }
}

/// A map keyed by numbers of our own making, hashed by one multiplication a word: nobody can choose them to collide.
pub type Mixed<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// The hash of [`Mixed`].
#[derive(Debug, Default, Clone, Copy)]
pub struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_i64(&mut self, word: i64) {
        self.mix(word as u64);
    }
}
