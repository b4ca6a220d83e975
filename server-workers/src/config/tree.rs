//! A YAML document as a tree that knows its lines.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use super::fault::{Fault, Location};

/// So many values a document may have, with those that aliases repeat: aliases of aliases must not
/// fill the memory.
const MOST_NODES: usize = 100_000;

/// So deep values may lie in each other, so that walking through them needs little stack.
const DEEPEST: usize = 64;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) location: Location,
    pub(super) value: Value,
}

/// A value. What kind of scalar a text is, is for the reader to say.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar { text: String, is_plain: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) location: Location,
    pub(super) value: Node,
}

impl Node {
    /// The one document of this text; an empty map if there is none.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        // A mark that says that the file is in Unicode is no part of it.
        let mut builder = Builder::new(text.strip_prefix('\u{feff}').unwrap_or(text));
        let root = builder.document()?;
        Ok(root.unwrap_or(Self {
            location: Location { line: 1, column: 1 },
            value: Value::Map(Vec::new()),
        }))
    }

    /// Whether there is nothing, or what stands for nothing.
    pub(super) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, is_plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// The entry of a map under this key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// This fault, at the place where these keys lead to, or as far as they lead.
    pub(super) fn fault(&self, path: &[&str], reason: impl Into<String>) -> Fault {
        let mut fault = Fault::new(reason);
        let (mut node, mut location) = (self, None);
        for key in path {
            let Some(entry) = node.entry(key) else { break };
            (node, location) = (&entry.value, Some(entry.location));
        }
        if let Some(location) = location {
            fault = fault.at(location);
        }
        path.iter().rev().fold(fault, |fault, key| fault.under(*key))
    }
}

struct Builder<'input> {
    parser: Parser<'input, StrInput<'input>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'input> Builder<'input> {
    fn new(text: &'input str) -> Self {
        Self { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 }
    }

    fn document(&mut self) -> Result<Option<Node>, Fault> {
        let mut root = None;
        loop {
            let (event, location) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(Fault::new("a second document begins here, and one is expected")
                        .at(location));
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => root = Some(self.node(event, location, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'input>, Location), Fault> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, location(&span.start))),
            Some(Err(error)) => Err(no_yaml(&error)),
            None => Ok((Event::StreamEnd, Location { line: 1, column: 1 })),
        }
    }

    fn node(
        &mut self,
        event: Event<'input>,
        location: Location,
        depth: usize,
    ) -> Result<Node, Fault> {
        self.count(1, location)?;
        if depth > DEEPEST {
            return Err(Fault::new(format!("it is nested more than {DEEPEST} deep")).at(location));
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, location),
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                (Value::Scalar { text: text.into_owned(), is_plain }, anchor)
            }
            Event::SequenceStart(anchor, _) => (Value::List(self.list(depth)?), anchor),
            Event::MappingStart(anchor, _) => (Value::Map(self.map(depth)?), anchor),
            _ => return Err(Fault::new("a value is expected").at(location)),
        };
        let node = Node { location, value };
        if anchor != 0 {
            self.count(node.size(), location)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, location) => list.push(self.node(event, location, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Fault> {
        let (mut entries, mut merged): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
        loop {
            let (event, location) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let is_merge =
                matches!(&event, Event::Scalar(key, ScalarStyle::Plain, ..) if key == "<<");
            let key = match self.node(event, location, depth + 1)?.value {
                Value::Scalar { text, .. } => text,
                _ => return Err(Fault::new("a key is expected, which is text").at(location)),
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1).map_err(|fault| fault.under(&key))?;
            if is_merge {
                merge(value, &mut merged)?;
            } else if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let reason = format!("it is given twice, first in line {}", first.location.line);
                return Err(Fault::new(reason).at(location).under(key));
            } else {
                entries.push(Entry { key, location, value });
            }
        }
        add_missing(&mut entries, merged);
        Ok(entries)
    }

    fn alias(&mut self, anchor: usize, location: Location) -> Result<Node, Fault> {
        let node = self.anchors.get(&anchor).cloned();
        let node =
            node.ok_or_else(|| Fault::new("an alias of what contains it has no end").at(location))?;
        self.count(node.size(), location)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize, location: Location) -> Result<(), Fault> {
        self.nodes += nodes;
        match self.nodes > MOST_NODES {
            true => {
                Err(Fault::new(format!("the file has more than {MOST_NODES} values")).at(location))
            }
            false => Ok(()),
        }
    }
}

impl Node {
    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(list) => list.iter().map(Self::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// What `<<` merges: a map, or a list of maps of which the first ones win.
fn merge(node: Node, merged: &mut Vec<Entry>) -> Result<(), Fault> {
    match node.value {
        Value::Map(entries) => add_missing(merged, entries),
        Value::List(list) => {
            for node in list {
                match node.value {
                    Value::Map(entries) => add_missing(merged, entries),
                    _ => return Err(no_map(node.location)),
                }
            }
        }
        Value::Scalar { .. } => return Err(no_map(node.location)),
    }
    Ok(())
}

fn no_map(location: Location) -> Fault {
    Fault::new("a map to merge is expected").at(location)
}

fn add_missing(entries: &mut Vec<Entry>, more: Vec<Entry>) {
    for entry in more {
        if entries.iter().all(|known| known.key != entry.key) {
            entries.push(entry);
        }
    }
}

fn location(marker: &Marker) -> Location {
    Location { line: marker.line(), column: marker.col() + 1 }
}

fn no_yaml(error: &ScanError) -> Fault {
    Fault::new(format!("it is no YAML: {}", error.info())).at(location(error.marker()))
}
