//! Variables of the environment in values: `${NAME}`, `${NAME:-default}`, `$NAME`.

use super::{
    fault::Fault,
    tree::{Node, Value},
};

/// Whose value a variable has.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts the variables into all texts below this node. Keys stay as they are.
///
/// A document is parsed before, so a variable can put no more than text into it. Whatever has no
/// value, and no default, is empty, which is warned of.
pub(super) fn expand(
    node: &mut Node,
    variables: Environment<'_>,
    warnings: &mut Vec<Fault>,
) -> Result<(), Fault> {
    match &mut node.value {
        Value::Scalar { text, .. } => {
            let mut missing = Vec::new();
            *text =
                expanded(text, variables, &mut missing).map_err(|fault| fault.at(node.location))?;
            warnings.extend(missing.into_iter().map(|name| {
                Fault::new(format!(
                    "the variable {name} of the environment is not set, so it is empty here"
                ))
                .at(node.location)
            }));
            Ok(())
        }
        Value::List(list) => list
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, node)| below(node, &index.to_string(), variables, warnings)),
        Value::Map(entries) => entries
            .iter_mut()
            .try_for_each(|entry| below(&mut entry.value, &entry.key, variables, warnings)),
    }
}

fn below(
    node: &mut Node,
    key: &str,
    variables: Environment<'_>,
    warnings: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let mut own = Vec::new();
    let done = expand(node, variables, &mut own).map_err(|fault| fault.under(key));
    warnings.extend(own.into_iter().map(|fault| fault.under(key)));
    done
}

fn expanded(
    text: &str,
    variables: Environment<'_>,
    missing: &mut Vec<String>,
) -> Result<String, Fault> {
    let (mut expanded, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, default, after_name) = reference(after)?;
        rest = after_name;
        if name.is_empty() {
            expanded.push('$');
            continue;
        }
        // A variable that is empty counts as none, as the default of a shell has it.
        match (variables(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => expanded.push_str(&value),
            (None, Some(default)) => expanded.push_str(default),
            (None, None) => missing.push(name.to_owned()),
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The name and the default of a variable whose `$` stands before this text, and what follows it. The
/// name is empty if it was only a `$`.
fn reference(text: &str) -> Result<(&str, Option<&str>, &str), Fault> {
    let Some(braced) = text.strip_prefix('{') else {
        let is_special = |letter: char| letter.is_ascii_digit() || "*#$@!?-".contains(letter);
        let end = match text.chars().next() {
            // Letters that are variables of a shell. All of them are of one byte.
            Some(letter) if is_special(letter) => 1,
            _ => {
                let is_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
                text.find(|letter| !is_name(letter)).unwrap_or(text.len())
            }
        };
        return Ok((&text[..end], None, &text[end..]));
    };
    let Some((inside, after)) = braced.split_once('}') else {
        return Err(Fault::new("`${` has no `}` behind it"));
    };
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    match name.is_empty() {
        true => Err(Fault::new("`${` has no name of a variable behind it")),
        false => Ok((name, default, after)),
    }
}
