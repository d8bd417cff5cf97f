// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/main/described_verbs.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

std::string joined_names(const DescribedOption& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string single_quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

bool takes_path(const DescribedOption& option) {
  return option.value == "PATH" || option.value == "PTY" || option.value == "FILE" || option.value == "PATH:PORT";
}

/// Words for the verb that is on the line; behind an option that takes a value, and behind the verb, files.
std::string bash_script() {
  std::string verbs;
  std::string cases;
  std::string with_value;
  std::string shared;
  for (const DescribedOption& option : shared_options()) {
    shared += " " + joined_names(option);
    if (option.takes_value()) with_value += replaced(" " + joined_names(option), " ", "|");
  }
  for (const DescribedVerb& verb : described_verbs()) {
    verbs += " " + verb.name;
    std::string words;
    for (const DescribedOption& option : verb.options) {
      words += " " + joined_names(option);
    }
    cases += "    " + verb.name + ") words=\"" + words + "\" ;;\n";
  }
  return "# bash completion for guestctl\n"
         "_guestctl() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} verb='' words='' index\n"
         "  local shared='" +
         shared +
         "'\n"
         "  for ((index = 1; index < COMP_CWORD; index++)); do\n"
         "    case ${COMP_WORDS[index]} in\n"
         "      " +
         with_value.substr(1) +
         ") index=$((index + 1)) ;;\n"
         "      -*) ;;\n"
         "      *) verb=${COMP_WORDS[index]}; break ;;\n"
         "    esac\n"
         "  done\n"
         "  case $verb in\n"
         "    '') words='" +
         verbs + "' ;;\n" + cases +
         "  esac\n"
         "  if [[ $cur == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words $shared\" -- \"$cur\")\n"
         "  elif [[ -z $verb && ${COMP_WORDS[COMP_CWORD-1]} != -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _guestctl guestctl\n";
}

/// An _arguments specification.
std::string zsh_specification(const DescribedOption& option) {
  const std::string text = replaced(replaced(option.text, "[", "("), "]", ")");
  std::string out;
  for (const std::string& name : option.names) {
    std::string one = name + "[" + text + "]";
    if (option.takes_value())
      one += ":" + replaced(option.value, ":", "\\:") + ":" + (takes_path(option) ? "_files" : "");
    out += " \\\n        " + single_quoted(one);
  }
  return out;
}

std::string zsh_script() {
  std::string list;
  std::string cases;
  std::string shared;
  for (const DescribedOption& option : shared_options()) shared += zsh_specification(option);
  for (const DescribedVerb& verb : described_verbs()) {
    list += "    " + single_quoted(verb.name + ":" + verb.summary) + "\n";
    std::string words;
    for (const DescribedOption& option : verb.options) words += zsh_specification(option);
    cases += "      " + verb.name + ")\n        _arguments $shared" + words + " \\\n        '*::argument:_files' ;;\n";
  }
  return "#compdef guestctl\n"
         "_guestctl() {\n"
         "  local -a verbs shared\n"
         "  local context state line\n"
         "  verbs=(\n" +
         list +
         "  )\n"
         "  shared=(" +
         shared +
         "\n  )\n"
         "  _arguments -C $shared '1:verb:->verb' '*::argument:->rest'\n"
         "  case $state in\n"
         "    verb) _describe verb verbs ;;\n"
         "    rest)\n"
         "      case $line[1] in\n" +
         cases +
         "      esac ;;\n"
         "  esac\n"
         "}\n"
         "_guestctl \"$@\"\n";
}

std::string fish_option(const DescribedOption& option, const std::string& condition) {
  std::string line = "complete -c guestctl" + condition;
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value()) line += takes_path(option) ? " -rF" : " -x";
  return line + " -d " + single_quoted(option.text) + "\n";
}

std::string fish_script() {
  std::string out = "# fish completion for guestctl\n";
  std::string names;
  for (const DescribedVerb& verb : described_verbs()) names += " " + verb.name;
  out += "set -l verbs" + names + "\n";
  for (const DescribedOption& option : shared_options()) out += fish_option(option, "");
  for (const DescribedVerb& verb : described_verbs()) {
    out += "complete -c guestctl -f -n \"not __fish_seen_subcommand_from $verbs\" -a " + verb.name + " -d " +
           single_quoted(verb.summary) + "\n";
    for (const DescribedOption& option : verb.options) {
      out += fish_option(option, " -n \"__fish_seen_subcommand_from " + verb.name + "\"");
    }
  }
  return out;
}

}  // namespace

Action define_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell](Context&) -> Result<int> {
    print(*shell == "bash" ? bash_script() : *shell == "zsh" ? zsh_script() : fish_script());
    return kExitDone;
  };
}

}  // namespace guestd::guestctl
