//! Link and Content-Disposition fields with any bytes: targets can be requested, and file names
//! stay inside their directory.

use std::path::{Component, Path};

use petition_core::content::disposition::{FILE_NAME_BYTES, file_name, safe_file_name};
use petition_core::content::link;
use url::Url;

use super::url::clean;

/// Parses a Link field.
pub fn link(data: &[u8]) {
    let base = Url::parse("https://a.test:8443/x/y?z").unwrap();
    let links = link::parse(&base, [data]);
    assert!(links.len() <= data.iter().filter(|&&byte| byte == b'<').count());
    for link in &links {
        link.url().into_iter().for_each(clean);
        assert!(!link.target().contains('>'));
        assert!(link.parameters().all(|(name, _)| !name.is_empty() && name == name.to_ascii_lowercase()));
        assert!(link.rels().all(|rel| link.has_rel(rel)));
    }
    // A field after another gives the links of both.
    assert_eq!(link::parse(&base, [data, data]), [links.clone(), links].concat());
}

/// Takes the file name of a Content-Disposition field.
pub fn disposition(data: &[u8]) {
    let Some(name) = file_name(data) else { return };
    assert!(!name.is_empty() && name.len() <= FILE_NAME_BYTES, "{name:?}");
    let mut components = Path::new(&name).components();
    assert!(matches!(components.next(), Some(Component::Normal(only)) if only == name.as_str()), "{name:?}");
    assert!(components.next().is_none() && !name.starts_with('.') && !name.ends_with(['.', ' ']), "{name:?}");
    let forbidden = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    assert!(!name.contains(forbidden), "{name:?}");
    assert_eq!(safe_file_name(&name).as_deref(), Some(name.as_str()), "a safe name stays as it is");
}
