// SPDX-License-Identifier: Apache-2.0
#include "client/main/described_verbs.hpp"

#include <CLI/CLI.hpp>

#include "client/main/context.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

DescribedOption described(const CLI::Option& option) {
  DescribedOption out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  if (option.get_positional()) out.names = {option.get_name(true, false)};
  if (option.get_items_expected_max() != 0) out.value = option.get_type_name();
  out.text = option.get_description();
  out.required = option.get_required();
  return out;
}

void describe(const CLI::App& app, std::vector<DescribedOption>& options, std::vector<DescribedOption>& arguments) {
  for (const CLI::Option* const option : app.get_options()) {
    (option->get_positional() ? arguments : options).push_back(described(*option));
  }
}

}  // namespace

std::vector<DescribedVerb> described_verbs() {
  std::vector<DescribedVerb> all;
  for (const Verb& verb : verbs()) {
    CLI::App app;
    verb.define(app);
    DescribedVerb& one = all.emplace_back();
    one.name = verb.name;
    one.summary = verb.summary;
    one.footer = app.get_footer();
    one.runs_program = verb.runs_program;
    describe(app, one.options, one.arguments);
  }
  return all;
}

std::vector<DescribedOption> shared_options() {
  CLI::App app;
  Context context;
  app.set_help_flag();
  add_shared_options(app, context);
  std::vector<DescribedOption> options;
  std::vector<DescribedOption> none;
  describe(app, options, none);
  return options;
}

}  // namespace guestd::guestctl
