//! Facts about a connection, found by their type.

use std::{
    any::{Any, type_name},
    fmt, iter, mem,
};

/// Typed facts about one connection: at most one value a type.
///
/// Layers leave what they learn (the TLS session's parameters, how long each phase took, a PROXY
/// header), users what they like (the name of the authenticated user). A value is found by its
/// type through every wrapper, because wrappers forward the attributes of what they wrap.
///
/// An empty set allocates nothing, a fact costs one allocation, and a look-up walks a short list.
///
/// # Examples
///
/// ```
/// use socketry_connection::Attributes;
///
/// #[derive(Debug, PartialEq)]
/// struct User(String);
///
/// let mut attributes = Attributes::new();
/// attributes.insert(User("ada".into()));
/// assert_eq!(attributes.get::<User>(), Some(&User("ada".into())));
/// assert_eq!(attributes.get::<u32>(), None);
/// ```
#[derive(Default)]
pub struct Attributes {
    // One word, for every connection holds it and is moved with it.
    first: Link,
}

impl Attributes {
    /// No facts.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// Adds a fact and returns the one of the same type that it replaces.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        if let Some(there) = self.get_mut() {
            return Some(mem::replace(there, value));
        }
        let next = self.first.take();
        self.first =
            Some(Box::new(Entry { type_name: type_name::<T>(), next, value: Some(value) }));
        None
    }

    /// The fact of this type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.iter().find_map(|entry| entry.value.downcast_ref::<Option<T>>()?.as_ref())
    }

    /// The fact of this type, to change it.
    pub fn get_mut<T: Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        self.link_to::<T>().as_mut()?.value.downcast_mut::<Option<T>>()?.as_mut()
    }

    /// Takes the fact of this type out.
    pub fn remove<T: Send + Sync + 'static>(&mut self) -> Option<T> {
        let link = self.link_to::<T>();
        let mut entry = link.take()?;
        *link = entry.next.take();
        entry.value.downcast_mut::<Option<T>>()?.take()
    }

    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        iter::successors(self.first.as_deref(), |entry| entry.next.as_deref())
    }

    /// Where the fact of this type hangs, or the end of the list.
    fn link_to<T: 'static>(&mut self) -> &mut Link {
        let mut link = &mut self.first;
        while link.as_ref().is_some_and(|entry| !entry.value.is::<Option<T>>()) {
            match link {
                Some(entry) => link = &mut entry.next,
                None => break,
            }
        }
        link
    }
}

/// Shows the types, not the values: a value may be a secret.
impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|entry| entry.type_name)).finish()
    }
}

type Link = Option<Box<Entry>>;

/// A fact in one piece with its place in the list.
struct Entry<Value: ?Sized = dyn Any + Send + Sync> {
    type_name: &'static str,
    next: Link,
    /// An `Option`, so that it can be taken out although its size is not known.
    value: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_set_allocates_nothing_and_finds_nothing() {
        let attributes = Attributes::new();
        assert!(attributes.first.is_none() && attributes.is_empty());
        assert_eq!(attributes.get::<u8>(), None);
    }

    #[test]
    fn a_second_value_of_a_type_replaces_the_first_and_returns_it() {
        let mut attributes = Attributes::new();
        assert_eq!(attributes.insert(1_u8), None);
        assert_eq!(attributes.insert(2_u8), Some(1));
        assert_eq!((attributes.get(), attributes.len()), (Some(&2_u8), 1));
    }

    #[test]
    fn values_of_other_types_stay_when_one_is_removed() {
        let mut attributes = Attributes::new();
        attributes.insert(1_u8);
        attributes.insert("two");
        *attributes.get_mut::<u8>().unwrap() += 1;
        assert_eq!(attributes.remove::<u8>(), Some(2));
        assert_eq!(attributes.remove::<u8>(), None);
        assert_eq!((attributes.get::<&str>(), attributes.len()), (Some(&"two"), 1));
    }

    #[test]
    fn debug_names_the_types_and_hides_the_values() {
        let mut attributes = Attributes::new();
        attributes.insert("secret".to_string());
        assert_eq!(format!("{attributes:?}"), r#"{"alloc::string::String"}"#);
    }
}
