//! Reading the JSON that cargo prints.

use std::{iter::Peekable, str::Chars};

/// A JSON value. What is not there reads as [`Value::Null`].
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As it was written: nothing here calculates.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads one value and nothing behind it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text.chars().peekable() };
        let value = reader.value()?;
        match reader.peek() {
            None => Ok(value),
            Some(other) => Err(format!("unexpected `{other}` after the end of the JSON value")),
        }
    }

    /// The value of an object's key.
    pub(crate) fn get(&self, key: &str) -> &Value {
        let entry = self.entries().iter().find(|(name, _)| name == key);
        entry.map_or(&Value::Null, |(_, value)| value)
    }

    /// The entries, if this is an object.
    pub(crate) fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items, if this is an array.
    pub(crate) fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.array(),
            Some('"') => self.string().map(Value::String),
            Some(_) => self.word(),
            None => Err("a JSON value is missing".to_string()),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut entries = Vec::new();
        self.rest.next();
        if self.take('}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.peek();
            let key = self.string()?;
            self.expect(':')?;
            entries.push((key, self.value()?));
            if !self.take(',') {
                self.expect('}')?;
                return Ok(Value::Object(entries));
            }
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.rest.next();
        if self.take(']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            if !self.take(',') {
                self.expect(']')?;
                return Ok(Value::Array(items));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(other) => text.push(other),
                None => return Err("a JSON string does not end".to_string()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        match self.rest.next() {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('u') => {
                // Halves of a surrogate pair become replacement characters: cargo writes none.
                let digits: String = self.rest.by_ref().take(4).collect();
                let number = u32::from_str_radix(&digits, 16).map_err(|error| error.to_string())?;
                Ok(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            Some(other @ ('"' | '\\' | '/')) => Ok(other),
            other => Err(format!("unknown escape in a JSON string: {other:?}")),
        }
    }

    fn word(&mut self) -> Result<Value, String> {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|&c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            word.push(c);
        }
        match word.as_str() {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ if word.parse::<f64>().is_ok() => Ok(Value::Number(word)),
            _ => Err(format!("`{word}` is no JSON value")),
        }
    }

    /// The next character behind white space, which stays.
    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest.next();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.take(wanted) {
            true => Ok(()),
            false => Err(format!("`{wanted}` is missing in the JSON before {:?}", self.peek())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_found_by_key() {
        let text = r#" {"a": [1, {"b": "x\n\"\u00e9"}, null, true], "c": {}, "d": []} "#;
        let value = Value::parse(text).unwrap();
        let items = value.get("a").items();
        assert_eq!(items[0], Value::Number("1".into()));
        assert_eq!(items[1].get("b").text(), Some("x\n\"é"));
        assert_eq!((&items[2], &items[3]), (&Value::Null, &Value::Bool(true)));
        assert_eq!(value.get("nowhere"), &Value::Null);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "[1 2]", r#"{"a" 1}"#, r#""open"#, "1 2", "nothing", r#""\x""#] {
            assert!(Value::parse(text).is_err(), "{text} was read");
        }
    }
}
