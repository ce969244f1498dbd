//! Why a value could not be made from JSON, or made into it, without the values that serde quotes (T96).
//!
//! serde's messages hold what was found (`invalid type: string "…"`), which is a piece of the body. What was expected comes from the type, and is
//! shown; so are line and column.

use std::fmt;

/// A failure of serde's. Neither Display nor Debug shows a value of the document.
pub struct JsonError(serde_json::Error);

impl JsonError {
    /// The line of the document, from 1; 0 where the document is not at fault.
    pub fn line(&self) -> usize {
        self.0.line()
    }

    /// The column in that line, from 1; 0 at the beginning of a line.
    pub fn column(&self) -> usize {
        self.0.column()
    }

    /// Whether the document is JSON, and not of the type asked for.
    pub fn is_data(&self) -> bool {
        self.0.is_data()
    }

    /// serde's own error. What it prints may quote the document: treat it as a secret.
    pub fn into_inner(self) -> serde_json::Error {
        self.0
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        JsonError(error)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let message =
            text.rfind(" at line ").and_then(|at| text.get(..at)).filter(|_| self.line() > 0).unwrap_or(&text);
        if self.is_data() {
            write_data(f, message)?;
        } else {
            // serde_json's own words, which quote nothing.
            f.write_str(message)?;
        }
        match self.line() {
            0 => Ok(()),
            line => write!(f, " at line {line} column {}", self.column()),
        }
    }
}

/// What serde says of data that is not of a type, without the data.
fn write_data(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    // The names are those of the type.
    if ["missing field `", "duplicate field `"].iter().any(|start| message.starts_with(start)) {
        return f.write_str(message);
    }
    let kinds = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
    let Some(kind) = kinds.iter().find(|kind| message.starts_with(*kind)) else {
        return f.write_str("the data is not of the type asked for");
    };
    f.write_str(kind)?;
    // What was expected comes last, whatever was found says.
    match message.rsplit_once(", expected ") {
        Some((_, expected))
            if !message.ends_with(", there are no variants") && !message.ends_with(", there are no fields") =>
        {
            write!(f, ", expected {expected}")
        }
        _ => Ok(()),
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonError({self})")
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{DeserializeOwned, Error as _};

    fn said<T: DeserializeOwned + fmt::Debug>(json: &str) -> String {
        let error = JsonError::from(serde_json::from_str::<T>(json).unwrap_err());
        assert_eq!(format!("{error:?}"), format!("JsonError({error})"));
        error.to_string()
    }

    #[test]
    fn t96_no_value_of_the_document_is_shown() {
        for (said, meant) in [
            (said::<u8>("\"canary\""), "invalid type, expected u8 at line 1 column 8"),
            (said::<u8>("\"canary, expected canary\""), "invalid type, expected u8 at line 1 column 25"),
            (said::<u8>("65537"), "invalid value, expected u8 at line 1 column 5"),
            (said::<(u8, u8)>("[1]"), "invalid length, expected a tuple of size 2 at line 1 column 3"),
            (said::<u8>("canary"), "expected value at line 1 column 1"),
            (said::<u8>(""), "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(said, meant);
        }
    }

    #[test]
    fn line_and_column_say_where_the_document_fails() {
        for (json, line, column) in [("[1,\n x]", 2, 2), ("[1,\n\n[]]", 3, 0), ("x", 1, 1), ("", 1, 0)] {
            let error = JsonError::from(serde_json::from_str::<Vec<u8>>(json).unwrap_err());
            assert_eq!((error.line(), error.column()), (line, column), "{json:?}");
        }
    }

    #[test]
    fn t96_names_that_are_not_the_types_are_not_shown() {
        type Own = serde_json::Error;
        for (error, meant) in [
            (Own::unknown_variant("canary", &["One", "Two"]), "unknown variant, expected `One` or `Two`"),
            (Own::unknown_variant("canary, expected canary", &[]), "unknown variant"),
            (Own::unknown_field("canary", &["number"]), "unknown field, expected `number`"),
            (Own::unknown_field("canary, expected canary", &[]), "unknown field"),
            (Own::missing_field("number"), "missing field `number`"),
            (Own::duplicate_field("number"), "duplicate field `number`"),
            (Own::custom("canary"), "the data is not of the type asked for"),
        ] {
            let error = JsonError::from(error);
            assert_eq!(error.to_string(), meant);
            assert!(error.is_data() && (error.line(), error.column()) == (0, 0));
        }
        assert!(JsonError::from(Own::custom("canary")).into_inner().to_string().contains("canary"));
    }
}
