// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "client/main/described_verbs.hpp"
#include "client/main/man_text.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

/// Text as roff wants it: hyphens that can be copied, no line that looks like a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string head(const std::string& name, std::string_view summary) {
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return ".TH " + roff(upper) + " 1 \"\" \"guestd " + std::string(kVersion) + "\" \"User Commands\"\n.SH NAME\n" +
         roff(name) + " \\- " + roff(summary) + "\n";
}

std::string option_entry(const DescribedOption& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  if (option.takes_value() && option.names.front().starts_with('-')) names += " \\fI" + roff(option.value) + "\\fR";
  return ".TP\n" + names + "\n" + roff(option.text) + "\n";
}

std::string synopsis(const DescribedVerb& verb) {
  std::string text = ".SH SYNOPSIS\n\\fBguestctl " + roff(verb.name) + "\\fR [\\fIOPTION\\fR]...";
  for (const DescribedOption& argument : verb.arguments) {
    const std::string name = "\\fI" + roff(argument.names.front()) + "\\fR";
    text += argument.required ? " " + name : " [" + name + "]";
  }
  if (verb.runs_program) text += " [\\fB\\-\\-\\fR] \\fIPROGRAM\\fR [\\fIARGUMENT\\fR]...";
  return text + "\n";
}

/// Lines that begin with blanks are examples.
std::string paragraphs(std::string_view text) {
  std::string out;
  bool example = false;
  bool gap = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) {
      gap = true;
      continue;
    }
    const bool was_example = std::exchange(example, line.starts_with(' '));
    if (was_example && !example) out += ".fi\n";
    if (!out.empty() && (gap || was_example != example)) out += ".PP\n";
    if (example && !was_example) out += ".nf\n";
    gap = false;
    out += roff(line) + "\n";
  }
  return example ? out + ".fi\n" : out;
}

std::string verb_page(const DescribedVerb& verb) {
  std::string page = head("guestctl-" + verb.name, verb.summary) + synopsis(verb) + ".SH DESCRIPTION\n";
  const std::string_view text = man_text(verb.name);
  page += paragraphs(text.empty() ? std::string_view(verb.summary) : text);
  if (!verb.footer.empty()) page += ".PP\n" + paragraphs(verb.footer);
  if (!verb.arguments.empty()) {
    page += ".SH ARGUMENTS\n";
    for (const DescribedOption& argument : verb.arguments) page += option_entry(argument);
  }
  page += ".SH OPTIONS\n";
  for (const DescribedOption& option : verb.options) page += option_entry(option);
  return page + ".PP\nThe options that all verbs share, and the exit status, are in\n.BR guestctl (1).\n" +
         ".SH SEE ALSO\n.BR guestctl (1),\n.BR guestd (8)\n";
}

std::string main_page() {
  std::string page = head("guestctl", "speak to the guest agent of a virtual machine");
  page += ".SH SYNOPSIS\n\\fBguestctl\\fR [\\fIOPTION\\fR]... \\fIVERB\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n";
  page += ".SH DESCRIPTION\n" + paragraphs(man_text("")) + ".SH VERBS\nEach has a page of its own.\n";
  for (const DescribedVerb& verb : described_verbs()) {
    page += ".TP\n.BR guestctl\\-" + roff(verb.name) + " (1)\n" + roff(verb.summary) + "\n";
  }
  page += ".SH OPTIONS\nThey may stand on either side of the verb.\n";
  for (const DescribedOption& option : shared_options()) page += option_entry(option);
  page += ".SH \"EXIT STATUS\"\n";
  for (const auto& [status, meaning] : exit_statuses())
    page += ".TP\n.B " + std::to_string(status) + "\n" + roff(meaning) + "\n";
  page += ".PP\n.B exec\nand\n.B freeze\nwith a command pass the status of the program through.\n";
  return page + ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours, unless \\fB\\-\\-color\\fR asks for them\n" +
         ".SH \"SEE ALSO\"\n.BR guestd (8),\n.BR guestd\\-commands (7)\n";
}

}  // namespace

Action define_man(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  app.add_option("VERB", *name, "the verb; without it, guestctl itself");
  return [name](Context&) -> Result<int> {
    if (name->empty()) {
      print(main_page());
      return kExitDone;
    }
    for (const DescribedVerb& verb : described_verbs()) {
      if (verb.name != *name) continue;
      print(verb_page(verb));
      return kExitDone;
    }
    return Error{"there is no verb " + *name};
  };
}

}  // namespace guestd::guestctl
