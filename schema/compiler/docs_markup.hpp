// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "schema/compiler/doc_comment.hpp"
#include "schema/compiler/docs_document.hpp"

namespace guestd::schema::docs {

/// Says whether the schema defines a command, event or type of this name.
using IsDefined = std::function<bool(std::string_view)>;

/// Text of a documentation comment: paragraphs, lists, literal blocks (indented, after `::`, or exchanges of `->` and
/// `<-`), underlined headings, and the directives for notes, examples and code.
Blocks parse_markup(std::string_view text, const IsDefined& is_defined);

/// Marks inside a paragraph: `@name`, code in one or two backquotes, `*emphasis*`, `**strong**`, roles, links. Names
/// that the schema defines need no mark if they hold a `-`.
Inline parse_inline(std::string_view text, const IsDefined& is_defined);

/// An example: code, or text with exchanges in it.
Blocks parse_example(const DocComment::Section& section, const IsDefined& is_defined);

}  // namespace guestd::schema::docs
