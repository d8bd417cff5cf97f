// SPDX-License-Identifier: Apache-2.0
// The generated client of whole.json against its generated server. Built with WHOLE_EXTRA and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "generated/whole_client/calls.hpp"
#include "generated/whole_client/decode.hpp"
#include "generated/whole_client/encode.hpp"
#include "tests/schema/whole_agent.hpp"

namespace guestd::whole_client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using whole::Agent;

/// Why a call failed, or "".
template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().text;
}

/// Calls C with `arguments` and says them again: what was lost on the way is missing in the second request.
template <typename C>
void expect_to_come_back(const typename C::Arguments& arguments) {
  Agent agent;
  const auto returned = protocol::perform<C>(agent, arguments);
  ASSERT_TRUE(returned) << error_of(returned) << "\n" << agent.last_reply;
  EXPECT_EQ(protocol::make_call<C>(*returned).arguments, protocol::make_call<C>(arguments).arguments);
}

Tree leaf(std::string name) { return Tree{std::move(name)}; }

Tree family() {
  Tree tree = leaf("root");
  tree.left = leaf("left");
  tree.children.emplace();
  tree.children->push_back(leaf("first"));
  tree.children->push_back(leaf("second"));
  (*tree.children)[1]->left = leaf("grandchild");
  return tree;
}

TEST(GeneratedClient, SendsArgumentsInTheOrderOfTheSchema) {
  Agent agent;
  Odd odd{1, 2, "c", Odds::kUnix, "s", "p", true, "n", "o", QType::kQnum, "u"};
  const auto returned = echo_odd(agent, odd);
  ASSERT_TRUE(returned) << error_of(returned);
  EXPECT_THAT(agent.requests,
              ElementsAre(R"({"execute": "echo-odd", "arguments": {"linux": 1, "major": 2, "class": "c", )"
                          R"("Odds": "unix", "std": "s", "protocol": "p", "value": true, "name": "n", )"
                          R"("out": "o", "kind": "qnum", "under_score": "u"}})"));
  EXPECT_EQ(returned->linux_, 1);
  EXPECT_EQ(returned->class_, "c");
  EXPECT_EQ(returned->Odds_2, Odds::kUnix);
  EXPECT_EQ(returned->kind, QType::kQnum);
}

TEST(GeneratedClient, TellsEnumValuesApartThatLookAlikeInCxx) {
  EXPECT_EQ(to_string(Odds::k20), "2-0");
  EXPECT_EQ(to_string(Odds::k20_2), "20");
  EXPECT_EQ(parse_odds("20"), Odds::k20_2);
  EXPECT_EQ(parse_odds("2.0"), std::nullopt);
}

TEST(GeneratedClient, CarriesTypesThatHoldThemselves) {
  expect_to_come_back<calls::EchoTree>(family());
  Node node{NodeKind::kPair, Pair{Node{NodeKind::kLeaf, Leaf{}}, NodeRef("a name"), std::vector<NodeRef>{"b", "c"}}};
  expect_to_come_back<calls::EchoNode>(node);
  EXPECT_EQ(protocol::make_call<calls::EchoNode>(node).arguments,
            R"({"kind": "pair", "first": {"kind": "leaf", "value": null}, "second": "a name", "rest": ["b", "c"]})");
}

TEST(GeneratedClient, CopiesTypesThatHoldThemselvesByValue) {
  const Tree tree = family();
  Tree copy = tree;
  (*copy.left)->name = "changed";
  (*copy.children)[0]->name = "changed";
  EXPECT_EQ((*tree.left)->name, "left");
  EXPECT_EQ((*tree.children)[0]->name, "first");
}

TEST(GeneratedClient, SurvivesWhatIsNestedAsDeepAsAMessageMayBe) {
  std::string text = R"({"name": "end"})";
  for (int depth = 0; depth < 1000; ++depth) text = R"({"name": "n", "left": )" + text + "}";
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(text));
  ASSERT_TRUE(document);
  const auto tree = calls::EchoTree::decode(document->root());
  ASSERT_TRUE(tree) << error_of(tree);
  EXPECT_EQ(protocol::make_call<calls::EchoTree>(*tree).arguments, text);
}

TEST(GeneratedClient, WritesNullForAValueThatNobodyHasGiven) {
  EXPECT_EQ(protocol::make_call<calls::EchoNode>({NodeKind::kPair, Pair{}}).arguments,
            R"({"kind": "pair", "first": null})");
}

TEST(GeneratedClient, CarriesUnionsOfBothForms) {
  Plant plant{Odds::kUnix, true, Twig{3}};
  expect_to_come_back<calls::EchoPlant>(plant);
  expect_to_come_back<calls::EchoPlant>({Odds::kAB, false, {}});

  Agent agent;
  const EchoPayloadArgs args{{{PayloadKind::kNumber, IntWrapper{7}},
                              {PayloadKind::kAgain, StrWrapper{"twice"}},
                              {PayloadKind::kTree, TreeWrapper{family()}},
                              {PayloadKind::kNumbers, IntListWrapper{{1, 2}}}}};
  const auto returned = echo_payload(agent, args);
  ASSERT_TRUE(returned) << error_of(returned);
  EXPECT_THAT(agent.requests.front(), HasSubstr(R"([{"type": "number", "data": 7}, {"type": "again", )"));
  ASSERT_THAT(*returned, SizeIs(4));
  EXPECT_EQ((*returned)[1].type, PayloadKind::kAgain);
  EXPECT_EQ(std::get<StrWrapper>((*returned)[1].branch).data, "twice");
  EXPECT_EQ(std::get<TreeWrapper>((*returned)[2].branch).data.children->size(), 2U);
  EXPECT_THAT(std::get<IntListWrapper>((*returned)[3].branch).data, ElementsAre(1, 2));
}

TEST(GeneratedClient, CarriesUnionsInBranchesOfUnions) {
  const Garden garden{Odds::k20, "me", Plot{NodeKind::kPair, Twig{4}}};
  EXPECT_EQ(protocol::make_call<calls::EchoGarden>(garden).arguments,
            R"({"size": "2-0", "owner": "me", "use": "pair", "leaves": 4})");
  expect_to_come_back<calls::EchoGarden>(garden);
  expect_to_come_back<calls::EchoGarden>({Odds::k20, {}, Plot{NodeKind::kLeaf, {}}});
  expect_to_come_back<calls::EchoGarden>({Odds::kDefault, {}, Leaf{}});
  expect_to_come_back<calls::EchoGarden>({Odds::kUnix, {}, {}});
}

TEST(GeneratedServer, NamesWhatIsWrongInUnionsInBranchesOfUnions) {
  Agent agent;
  const auto say = [&](std::string arguments) {
    const auto reply = agent.call({"echo-garden", std::move(arguments), true});
    return error_of(protocol::returned(**reply));
  };
  EXPECT_EQ(say(R"({"size": "2-0"})"), "Parameter 'use' is missing");
  EXPECT_EQ(say(R"({"size": "2-0", "use": "pair"})"), "Parameter 'leaves' is missing");
  EXPECT_EQ(say(R"({"size": "2-0", "use": "leaf", "leaves": 1})"), "Parameter 'leaves' is unexpected");
  EXPECT_EQ(say(R"({"size": "unix", "use": "leaf"})"), "Parameter 'use' is unexpected");
}

TEST(GeneratedClient, CarriesEveryFormOfAnAlternate) {
  Agent agent;
  const auto through = [&](Form form) { return echo_form(agent, {std::move(form)}).value(); };
  EXPECT_EQ(std::get<double>(through(1.5)), 1.5);
  EXPECT_EQ(std::get<double>(through(3.0)), 3.0);
  EXPECT_EQ(std::get<Odds>(through(Odds::kDefault)), Odds::kDefault);
  EXPECT_EQ(std::get<Tree>(through(family())).name, "root");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(through(nullptr)));
}

TEST(GeneratedClient, OwnsTheJsonOfTypeAny) {
  Agent agent;
  auto sent = protocol::RawJson::parse(R"({ 'deep' : [1,{"x":null}], "big":18446744073709551615,"text":"\u00e9\n" })");
  ASSERT_TRUE(sent) << error_of(sent);
  const auto returned = echo_any(agent, {*sent});
  ASSERT_TRUE(returned) << error_of(returned);
  EXPECT_EQ(returned->text(), R"({"deep": [1, {"x": null}], "big": 18446744073709551615, "text": "\u00E9\n"})");
  EXPECT_EQ(returned->document().root().find("deep")->size(), 2U);
  EXPECT_EQ(echo_any(agent, {}).value().text(), "null");
}

TEST(GeneratedClient, RefusesTextThatIsNoJson) {
  EXPECT_THAT(error_of(protocol::RawJson::parse(R"({"a": )")), HasSubstr("JSON parse error"));
  EXPECT_THAT(error_of(protocol::RawJson::parse("1, \"execute\": 2")), HasSubstr("JSON parse error"));
  EXPECT_EQ(error_of(protocol::RawJson::parse(std::string(100'000, '['))),
            "JSON parse error, the value is nested too deeply");
  EXPECT_EQ(error_of(protocol::RawJson::parse(R"("]]]] \" [[[[")")), "");
}

TEST(GeneratedClient, KeepsNumbersExact) {
  Numbers numbers{-128,
                  -32768,
                  -2147483647 - 1,
                  INT64_MIN,
                  255,
                  65535,
                  4294967295U,
                  UINT64_MAX,
                  UINT64_MAX,
                  0.1,
                  std::vector<bool>{true, false},
                  {},
                  std::vector<double>{1e300, -0.5}};
  expect_to_come_back<calls::EchoNumbers>(numbers);
}

TEST(GeneratedClient, GivesAndTakesBytes) {
  Agent agent;
  const auto returned = exchange_bytes(agent, {"n", std::string("\0\xFF"
                                                                "b",
                                                                3)});
  ASSERT_TRUE(returned) << error_of(returned);
  EXPECT_EQ(agent.requests.front(), R"({"execute": "exchange-bytes", "arguments": {"name": "n", "bytes": "AP9i"}})");
  EXPECT_EQ(returned->bytes, std::string("b\xFF\0", 3));
  EXPECT_EQ(exchange_bytes(agent, {"n", std::nullopt}).value().bytes, "");
}

TEST(GeneratedClient, ReadsTheSameReplyTwice) {
  const auto reply =
      protocol::JsonDocument::parse(protocol::Buffer(std::string_view(R"({"return": {"count": 1, "bytes": "AP9i"}})")));
  for (int time = 0; time < 2; ++time) {
    const auto read = calls::ExchangeBytes::decode(*protocol::returned(*reply));
    ASSERT_TRUE(read) << error_of(read);
    EXPECT_EQ(read->bytes, std::string("\0\xFF"
                                       "b",
                                       3));
  }
}

TEST(GeneratedClient, IgnoresMembersThatItDoesNotKnow) {
  Agent agent;
  agent.extra_member = R"("more": {"a": [1]}, )";
  const auto tree = echo_tree(agent, family());
  ASSERT_TRUE(tree) << error_of(tree) << agent.last_reply;
  EXPECT_EQ(tree->children->size(), 2U);
  const auto plant = echo_plant(agent, {Odds::kUnix, true, Twig{3}});
  ASSERT_TRUE(plant) << error_of(plant);
  EXPECT_EQ(std::get<Twig>(plant->branch_2).leaves, 3);
}

TEST(GeneratedClient, NamesWhatIsWrongWithAReply) {
  const auto read = [](std::string_view text) {
    auto document = protocol::JsonDocument::parse(protocol::Buffer(text));
    return error_of(
        protocol::read_reply<calls::ExchangeBytes>(std::optional<protocol::JsonDocument>(std::move(document).value())));
  };
  EXPECT_EQ(read(R"({"return": {"bytes": ""}})"), "the reply to exchange-bytes: Parameter 'return.count' is missing");
  EXPECT_EQ(read(R"({"return": {"count": "1", "bytes": ""}})"),
            "the reply to exchange-bytes: Invalid parameter type for 'return.count', expected: integer");
  EXPECT_THAT(read(R"({"return": {"count": 1, "bytes": "???"}})"), HasSubstr("'return.bytes' is not base64"));
  EXPECT_EQ(read("[]"), "not a reply: it is no object");
  EXPECT_EQ(read("{}"), "not a reply: it has neither 'return' nor 'error'");
  EXPECT_EQ(read(R"({"error": 1})"), "not a reply: member 'error' without 'desc'");
}

TEST(GeneratedClient, HandsOnTheErrorsOfTheAgent) {
  Agent agent;
  EXPECT_EQ(error_of(fail(agent, {})), "failed as asked");
  EXPECT_EQ(fail(agent, {}).error().kind, Error::Kind::kGeneric);
  EXPECT_EQ(error_of(fail(agent, {true})), "not on this system");
  EXPECT_EQ(fail(agent, {true}).error().kind, Error::Kind::kUnsupported);
}

TEST(GeneratedClient, TakesSilenceForSuccessWhereTheSchemaSaysSo) {
  Agent agent;
  EXPECT_EQ(error_of(rest(agent)), "");
  EXPECT_EQ(agent.requests.back(), R"({"execute": "rest"})");
  EXPECT_EQ(error_of(last_words(agent, {false})), "not yet");
  EXPECT_EQ(error_of(last_words(agent, {true})), "no reply to last-words");
  EXPECT_FALSE(calls::Rest::kSuccessResponse);
  EXPECT_TRUE(calls::EchoTree::kSuccessResponse);
}

TEST(GeneratedClient, AddsAnIdToARequestIfAsked) {
  EXPECT_EQ(protocol::request_text(protocol::make_call<calls::Fail>({true}), 7),
            R"({"execute": "fail", "arguments": {"unsupported": true}, "id": 7})");
}

TEST(GeneratedConditions, DecideWhatIsThere) {
  Agent agent;
  Conditional conditional;
#ifdef WHOLE_EXTRA
  conditional.level = Level::kExtra;
  conditional.extra = ExtraStruct{Level::kLow};
  conditional.either = 1;
  conditional.written = 2;
  conditional.only = OnlyExtra::kOne;
#else
  conditional.level = Level::kPlain;
  conditional.neither = 3;
#endif
  expect_to_come_back<calls::EchoConditional>(conditional);
  EXPECT_EQ(parse_level("extra").has_value(), parse_only_extra("one").has_value());
  EXPECT_NE(parse_level("extra").has_value(), parse_level("plain").has_value());
}

TEST(GeneratedConditions, DecideWhichBranchesAreThere) {
  expect_to_come_back<calls::EchoConditionalUnion>({Level::kLow, Twig{1}});
#ifdef WHOLE_EXTRA
  expect_to_come_back<calls::EchoConditionalUnion>({Level::kExtra, ExtraStruct2{5}});
  Agent agent;
  EXPECT_TRUE(std::get<bool>(echo_form(agent, {true}).value()));
#else
  expect_to_come_back<calls::EchoConditionalUnion>({Level::kPlain, Leaf{}});
#endif
}

TEST(GeneratedConditions, MakeTheServerRefuseWhatIsNotThere) {
  Agent agent;
  const auto say = [&](std::string arguments) {
    const auto reply = agent.call({"echo-conditional", std::move(arguments), true});
    return error_of(protocol::returned(**reply));
  };
#ifdef WHOLE_EXTRA
  EXPECT_EQ(say(R"({"level": "plain"})"), "Parameter 'level' does not accept value 'plain'");
  EXPECT_EQ(say(R"({"level": "low", "neither": 1})"), "Parameter 'neither' is unexpected");
  EXPECT_EQ(say(R"({"level": "low", "either": 1, "written": 1, "only": "one"})"), "");
#else
  EXPECT_EQ(say(R"({"level": "extra"})"), "Parameter 'level' does not accept value 'extra'");
  EXPECT_EQ(say(R"({"level": "low", "either": 1})"), "Parameter 'either' is unexpected");
  EXPECT_EQ(say(R"({"level": "low", "written": 1})"), "Parameter 'written' is unexpected");
  EXPECT_EQ(say(R"({"level": "low", "only": "one"})"), "Parameter 'only' does not accept value 'one'");
  EXPECT_EQ(say(R"({"level": "low", "neither": 1})"), "");
#endif
}

TEST(GeneratedConditions, DecideWhichCommandsAndFeaturesAreThere) {
  Agent agent;
  const auto reply = agent.call({"extra-only", "", true});
#ifdef WHOLE_EXTRA
  EXPECT_EQ(error_of(protocol::returned(**reply)), "");
  EXPECT_EQ(extra_only(agent).value().level, Level::kExtra);
#else
  EXPECT_EQ(error_of(protocol::returned(**reply)), "The command has not been found");
#endif
}

}  // namespace
}  // namespace guestd::whole_client
