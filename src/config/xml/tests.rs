//! Cases that were run through the XML library Cedar uses: what it refuses is refused here, what it reads is read alike.

use super::*;

/// The text of the first `a` in the root that has one.
fn text_of_a(document: &str) -> Result<Option<String>, String> {
    let root = parse(document.as_bytes()).map_err(|error| error.to_string())?;
    let texts = root.children.iter().filter(|child| child.name == "a").find_map(Element::text);
    Ok(texts.map(str::to_owned))
}

#[test]
fn the_text_of_an_element_is_its_first_text_node() {
    let table = [
        ("<r><a>x</a></r>", Some("x")),
        ("<r><a/></r>", None),
        ("<r><a></a></r>", None),
        ("<r><a> x\t</a></r>", Some(" x\t")),
        ("<r><a>x<!--c-->y</a></r>", Some("x")),
        ("<r><a><!--c--><!--d-->y</a></r>", Some("y")),
        ("<r><a>x<b/>y</a></r>", Some("x")),
        ("<r><a><b>no</b>y</a></r>", Some("y")),
        ("<r><a>x<?p q?>y</a></r>", Some("x")),
        ("<r><a><![CDATA[x]]></a></r>", None),
        ("<r><a><![CDATA[x]]>y</a></r>", Some("y")),
        ("<r><a>x<![CDATA[y]]>z</a></r>", Some("x")),
        ("<r><a>x&amp;y&#65;&#x42;&lt;&gt;&quot;&apos;</a></r>", Some("x&yAB<>\"'")),
        ("<r><a>x>y</a></r>", Some("x>y")),
        ("<r><a>x\r\ny\rz</a></r>", Some("x\ny\nz")),
        ("<r><a>x&#13;y</a></r>", Some("x\ry")),
        ("<r q='>'><a q = \"'\" p='&lt;'>1</a ></r >", Some("1")),
        ("<r><a/><a>2</a><a>3</a></r>", Some("2")),
        ("<r><x:a>1</x:a><a>2</a></r>", Some("2")),
        ("<r xmlns='u'><a>1</a></r>", Some("1")),
        ("\u{feff}<?xml version='1.0'?><r><a>1</a></r>\n", Some("1")),
        ("<?xml version='1'?><r><a>1</a></r>", Some("1")),
        ("<?xml version = \"1.1\" standalone='no' ?><r><a>1</a></r>", Some("1")),
        ("<?xml version='1.0' encoding='iso-8859-1'?><r><a>é</a></r>", Some("é")),
    ];
    for (document, text) in table {
        assert_eq!(text_of_a(document), Ok(text.map(str::to_owned)), "{document}");
    }
}

#[test]
fn internal_entities_are_expanded_where_they_stand() {
    let table = [
        ("<!ENTITY e 'v&#38;amp;w'>", "<a>x&e;y</a>", Some("xv&wy")),
        ("<!ENTITY e 'v'><!ENTITY f '1&e;2'>", "<a>&f;</a>", Some("1v2")),
        ("<!ENTITY e '<a>in</a>'>", "&e;", Some("in")),
        ("<!ENTITY e '&#60;a>1&#60;/a>'>", "&e;", Some("1")),
        ("<!ENTITY e '&#38;#60;x'>", "<a>&e;</a>", Some("<x")),
        ("<!ENTITY e 'x<!--c-->y'>", "<a>q&e;</a>", Some("qx")),
        ("<!ENTITY e '<![CDATA[x]]>y'>", "<a>&e;</a>", Some("y")),
        ("<!ENTITY e ''>", "<a>&e;<!--c-->x</a>", Some("x")),
        ("<!ENTITY e '1'><!ENTITY e '2'>", "<a>&e;</a>", Some("1")),
        ("<!ENTITY lt 'q'>", "<a>&lt;</a>", Some("<")),
        ("<!ENTITY e \"it's > ]\">", "<a>&e;</a>", Some("it's > ]")),
        ("<!ENTITY e SYSTEM 'file:///etc/hostname'>", "<a>x</a>", Some("x")),
        ("<!ENTITY % p 'x>'><!NOTATION n SYSTEM 'n'>", "<a>x</a>", Some("x")),
        (
            "<!ELEMENT r ANY><!ATTLIST r q CDATA 'a>b'><!-- <!ENTITY e '0'> --><?x <!ENTITY e '0'>?><!ENTITY e '1'> ",
            "<a q='&e;'>&e;</a>",
            Some("1"),
        ),
    ];
    for (declarations, content, text) in table {
        let document = format!("<!DOCTYPE r [{declarations}]><r>{content}</r>");
        assert_eq!(text_of_a(&document), Ok(text.map(str::to_owned)), "{document}");
    }
    assert_eq!(text_of_a("<!DOCTYPE r><r><a>1</a></r>"), Ok(Some("1".to_owned())));
    assert_eq!(text_of_a("<!DOCTYPE r PUBLIC '-//x' 'x.dtd' ><r><a>1</a></r>"), Ok(Some("1".to_owned())));
}

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    let table = [
        ("", "line 1, column 1: no element in the file"),
        ("<!-- -->\n", "line 2, column 1: no element in the file"),
        (" <?xml version='1.0'?><r/>", "line 1, column 2: the XML declaration is not at the very start of the file"),
        ("\n<?xml version='1.0'?><r/>", "line 2, column 1: the XML declaration is not at the very start of the file"),
        ("<?xml encoding='utf-8'?><r/>", "line 1, column 1: the XML declaration does not begin with a version"),
        ("<?xml version='1 0'?><r/>", "line 1, column 1: the XML declaration does not begin with a version"),
        ("<?xml?><r/>", "line 1, column 1: the XML declaration does not begin with a version"),
        (
            "<?xml version='1.0' standalone='maybe'?><r/>",
            "line 1, column 1: standalone does not belong into the XML declaration",
        ),
        ("<?xml version='1.0' foo='b'?><r/>", "line 1, column 1: foo does not belong into the XML declaration"),
        ("<?xml version='1.0':?><r/>", "line 1, column 1: white space is missing before an attribute"),
        ("<!DOCTYPEr><r/>", "line 1, column 1: white space is missing after DOCTYPE"),
        ("<!DOCTYPE r [<!ENTITY e 'x' y>]><r/>", "line 1, column 29: a > is missing at y>]"),
        ("x<r/>", "line 1, column 1: text outside of the root element"),
        ("<r/>\n  x", "line 1, column 5: text outside of the root element"),
        ("<r/>\u{a0}", "line 1, column 5: text outside of the root element"),
        ("<r/><![CDATA[x]]>", "line 1, column 5: CDATA outside of the root element"),
        ("&amp;<r/>", "line 1, column 1: a reference outside of the root element"),
        ("<r/><r/>", "line 1, column 5: a second root element r"),
        ("<r/><!DOCTYPE r>", "line 1, column 5: a DOCTYPE stands once, before the root element"),
        ("<!DOCTYPE r><!DOCTYPE r><r/>", "line 1, column 13: a DOCTYPE stands once, before the root element"),
        ("<!doctype r><r/>", "line 1, column 1: a DOCTYPE stands once, before the root element"),
        ("<r>\n<a>", "line 1, column 1: element r is not closed"),
        ("<r><a></r>", "line 1, column 7: expected `</a>`, but `</r>` was found"),
        ("<r></r></r>", "line 1, column 8: close tag `</r>` does not match any open tag"),
        ("<r>]]></r>", "line 1, column 4: ]]> outside of a CDATA section"),
        ("<1r/>", "line 1, column 1: <1r is not a tag"),
        ("< r/>", "line 1, column 1: < is not a tag"),
        ("<r a='1' a='2'/>", "line 1, column 1: attribute a is given twice"),
        ("<r a=1/>", "line 1, column 1: attribute a has no value in quotes"),
        ("<r a/>", "line 1, column 1: attribute a has no value in quotes"),
        ("<r a='<'/>", "line 1, column 1: the value of attribute a holds a <"),
        ("<r a='1'b='2'/>", "line 1, column 1: white space is missing before an attribute"),
        ("<r 1='2'/>", "line 1, column 1: 1='2' is not an attribute"),
        ("<r a='&'/>", "line 1, column 1: attribute a: & does not begin a reference, write &amp; for the sign itself"),
        ("<r a='&x;'/>", "line 1, column 1: attribute a: entity x is not declared"),
        ("<r>\n\u{e4}&nope;</r>", "line 2, column 2: entity nope is not declared"),
        ("<r>&#0;</r>", "line 1, column 4: &#0; is not a character"),
        ("<r>&#1;</r>", "line 1, column 4: &#1; is not a character"),
        ("<r>&#1114112;</r>", "line 1, column 4: &#1114112; is not a character"),
        ("<r>&#xD800;</r>", "line 1, column 4: &#xD800; is not a character"),
        ("<r>&#X41;</r>", "line 1, column 4: &#X41; is not a character"),
        ("<r>&#+65;</r>", "line 1, column 4: &#+65; is not a character"),
        ("<r><a>\u{1}</a></r>", "line 1, column 7: character 0x0001 is not allowed here"),
        ("<r>\u{ffff}</r>", "line 1, column 4: character 0xffff is not allowed here"),
        ("\u{feff}\u{feff}<r/>", "line 1, column 1: character 0xfeff is not allowed here"),
        ("<r><?XML a?></r>", "line 1, column 4: <?XML is not a processing instruction"),
        ("<r><? ?></r>", "line 1, column 4: <? is not a processing instruction"),
        (
            "<!DOCTYPE r [\n <!ENTITY e SYSTEM '/etc/x'>]><r>&e;</r>",
            "line 2, column 34: entity e is external, such are not read",
        ),
        ("<!DOCTYPE r SYSTEM 'x.dtd'><r>&e;</r>", "line 1, column 31: entity e is not declared"),
        ("<!DOCTYPE r [<!ENTITY e '&e;'>]><r>&e;</r>", "line 1, column 36: entity e contains itself"),
        ("<!DOCTYPE r [<!ENTITY e '<a>'>]><r>&e;</r>", "line 1, column 36: element a is not closed"),
        (
            "<!DOCTYPE r [<!ENTITY e '<?xml version=\"1.0\"?>'>]><r>&e;</r>",
            "line 1, column 54: the XML declaration is not at the very start of the file",
        ),
        (
            "<!DOCTYPE r [<!ENTITY e '</r>'>]><r>&e;</r>",
            "line 1, column 37: close tag `</r>` does not match any open tag",
        ),
        ("<!DOCTYPE r [<!ENTITY e 'x'>]><r/>&e;", "line 1, column 35: a reference outside of the root element"),
        ("<!DOCTYPE r [\n %p;]><r/>", "line 2, column 2: parameter entity references are not supported"),
        ("<!DOCTYPE r [junk]><r/>", "line 1, column 14: junk] is not a declaration"),
        ("<!DOCTYPE r junk><r/>", "line 1, column 13: junk does not belong into a DOCTYPE"),
        ("<!DOCTYPE r [<!ENTITY e >]><r/>", "line 1, column 25: a value in quotes is missing at >]"),
    ];
    for (document, message) in table {
        assert_eq!(text_of_a(document), Err(message.to_owned()), "{document}");
    }
    // Here the words are the reader's; that it refuses is ours to promise.
    for document in [
        "<r>a & b</r>",
        "<r>&amp b</r>",
        "<r>&amp",
        "<r><!-- a -- b --></r>",
        "<r><!-- a --->",
        "<r><!--",
        "<!-->",
        "<!--->",
        "<r><![CDATA[x</r>",
        "<r a='1",
        "<r",
        "<",
        "<r><!x></r>",
        "<?xml version='1.0'",
        "<!DOCTYPE>",
        "<!DOCTYPE r [<!ENTITY e 'x'>",
        "<!DOCTYPE r [<!-- ]><r/>",
        "<!DOCTYPE r [<!ENTITY e '&#xx;'>]><r/>",
    ] {
        let error = text_of_a(document).unwrap_err();
        assert!(error.starts_with("line 1, column "), "{document}: {error}");
    }
}

#[test]
fn every_element_knows_its_line_and_column() {
    let root = parse("\u{feff}<!--\r\n--><r>\r\n  <ä/><b>\r\n</b><c/></r>".as_bytes()).unwrap();
    let places: Vec<_> = root.children.iter().map(|e| (e.name.as_str(), e.at.line, e.at.column)).collect();
    assert_eq!((root.at.line, root.at.column), (2, 4));
    assert_eq!(places, [("ä", 3, 3), ("b", 3, 7), ("c", 4, 5)]);
}

#[test]
fn places_may_be_asked_for_in_any_order() {
    let mut cursor = lexical::Cursor::new("ä\nbc\n");
    let places = [4, 2, 0, 3, 99].map(|offset| cursor.at(offset)).map(|at| (at.line, at.column));
    assert_eq!(places, [(2, 2), (1, 2), (1, 1), (2, 1), (3, 1)]);
}

#[test]
fn an_element_from_an_entity_stands_where_the_entity_is_referred_to() {
    let root = parse(b"<!DOCTYPE r [<!ENTITY f '<b/>'><!ENTITY e '\n<a/>&f;'>]>\n<r>\n &e;<c/></r>").unwrap();
    let places: Vec<_> = root.children.iter().map(|e| (e.name.as_str(), e.at.line, e.at.column)).collect();
    assert_eq!(places, [("a", 4, 2), ("b", 4, 2), ("c", 4, 5)]);
}

#[test]
fn a_file_can_not_use_up_the_machine() {
    let error = |text: &str| text_of_a(text).unwrap_err();
    let deep = |depth: usize| "<r>".repeat(depth) + &"</r>".repeat(depth);
    assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(error(&deep(MAX_DEPTH + 1)), "line 1, column 193: elements are nested more than 64 deep");

    let wide = |elements: usize| format!("<r>{}</r>", "<a/>".repeat(elements - 1));
    assert!(parse(wide(MAX_ELEMENTS).as_bytes()).is_ok());
    assert!(error(&wide(MAX_ELEMENTS + 1)).ends_with("more than 100000 elements"));

    let thousand = "x".repeat(1024);
    let expanding =
        |times: usize| format!("<!DOCTYPE r [<!ENTITY e '{thousand}'>]><r><a>{}</a></r>", "&e;".repeat(times));
    assert_eq!(text_of_a(&expanding(1024)).unwrap().unwrap().len(), MAX_EXPANSION);
    assert!(error(&expanding(1025)).ends_with("entities expand to more than 1048576 bytes"));

    let chain = |links: usize| {
        let declared: String = (1..links).map(|n| format!("<!ENTITY e{n} '&e{};'>", n - 1)).collect();
        format!("<!DOCTYPE r [<!ENTITY e0 'x'>{declared}]><r><a>&e{};</a></r>", links - 1)
    };
    assert_eq!(text_of_a(&chain(MAX_ENTITY_DEPTH)), Ok(Some("x".to_owned())));
    assert!(error(&chain(MAX_ENTITY_DEPTH + 1)).ends_with("entities are nested more than 16 deep"));

    let mut large = b"<r/>".to_vec();
    large.resize(MAX_BYTES, b' ');
    assert!(parse(&large).is_ok());
    large.push(b' ');
    assert_eq!(parse(&large).unwrap_err().to_string(), "the file has more than 16777216 bytes");
}

#[test]
fn text_that_is_not_utf8_is_refused_at_its_first_byte() {
    let error = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    assert_eq!(error(b"<r>\n\xc3\xa4\xe4</r>"), "line 2, column 2: byte 0xe4 is not UTF-8");
    assert_eq!(error(b"\xef\xbb\xbf\xff"), "line 1, column 1: byte 0xff is not UTF-8");
    assert_eq!(error(b"<r>\xc3"), "line 1, column 4: byte 0xc3 is not UTF-8");
    assert_eq!(error(b"<\0r\0/\0>\0"), "line 1, column 2: character 0x0000 is not allowed here");
}

#[test]
fn no_beginning_of_a_document_makes_the_reader_panic() {
    let document = "\u{feff}<?xml version='1.0'?><!DOCTYPE r [<!ENTITY e \"<b>&#228;</b>\"><!-- c --><?p i?>]>\
        <r a='&e;' b=\"2\">x&e;y&#x41;<![CDATA[z]]><!-- d --><c/></r>\n";
    assert!(parse(document.as_bytes()).is_ok());
    let end_of_root = document.len() - 1;
    for end in 0..end_of_root {
        assert!(parse(&document.as_bytes()[..end]).is_err(), "{end}");
    }
}
