// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Errors before a command runs: texts that clients match on, one per bad message, in the order of qemu-ga's checks.
namespace guestd {
namespace {

using support::Agent;
using support::Client;
using support::generic_error;
using support::not_found_error;

class WireErrors : public testing::Test {
 protected:
  /// Sends `request`, expects exactly `reply` to it, and that the next request is answered as if nothing had been.
  void expect(const std::string& request, const std::string& reply) {
    EXPECT_EQ(client_.request(request), reply) << "request: " << request;
    EXPECT_TRUE(client_.sync()) << "after request: " << request;
  }

  Agent agent_;
  Client client_{agent_.socket()};
};

TEST_F(WireErrors, NameWhatIsWrongWithTheEnvelope) {
  expect("[]", generic_error("QMP input must be a JSON object"));
  expect("5 ", generic_error("QMP input must be a JSON object"));
  expect("\"text\"", generic_error("QMP input must be a JSON object"));
  expect("null", generic_error("QMP input must be a JSON object"));
  expect("{}", generic_error("QMP input lacks member 'execute'"));
  expect(R"({"arguments":{}})", generic_error("QMP input lacks member 'execute'"));
  expect(R"({"execute":"guest-ping","more":1})", generic_error("QMP input member 'more' is unexpected"));
  expect(R"({"exec-oob":"guest-ping"})", generic_error("QMP input member 'exec-oob' is unexpected"));
  for (const char* value : {"1", "null", "true", "[]", "{}", "1.5"}) {
    expect(R"({"execute":)" + std::string(value) + "}", generic_error("QMP input member 'execute' must be a string"));
  }
  for (const char* value : {"1", "null", "true", "[]", "\"x\"", "1.5"}) {
    expect(R"({"execute":"guest-ping","arguments":)" + std::string(value) + "}",
           generic_error("QMP input member 'arguments' must be an object"));
  }
}

TEST_F(WireErrors, NameTheUnknownCommand) {
  expect(R"({"execute":"guest-nothing"})", not_found_error("The command guest-nothing has not been found"));
  expect(R"({"execute":""})", not_found_error("The command  has not been found"));
  expect(R"({"execute":"guest-nothing","arguments":{"a":1}})",
         not_found_error("The command guest-nothing has not been found"));
}

TEST_F(WireErrors, NameTheArgumentThatIsWrong) {
  expect(R"({"execute":"guest-sync"})", generic_error("Parameter 'id' is missing"));
  expect(R"({"execute":"guest-sync","arguments":{}})", generic_error("Parameter 'id' is missing"));
  for (const char* value : {"\"1\"", "null", "true", "[]", "{}", "1.0", "1e3", "18446744073709551615"}) {
    expect(R"({"execute":"guest-sync","arguments":{"id":)" + std::string(value) + "}}",
           generic_error("Invalid parameter type for 'id', expected: integer"));
  }
  expect(R"({"execute":"guest-sync","arguments":{"id":1,"more":2}})", generic_error("Parameter 'more' is unexpected"));
  expect(R"({"execute":"guest-ping","arguments":{"more":2}})", generic_error("Parameter 'more' is unexpected"));
}

TEST_F(WireErrors, RefuseWrongTypesInEveryPlaceOfTheFileCommands) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"execute":"guest-file-open","arguments":{"path":1}})", "'path', expected: string"},
      {R"({"execute":"guest-file-open","arguments":{"path":"/dev/null","mode":null}})", "'mode', expected: string"},
      {R"({"execute":"guest-file-open","arguments":{"path":["/dev/null"]}})", "'path', expected: string"},
      {R"({"execute":"guest-file-close","arguments":{"handle":"1000"}})", "'handle', expected: integer"},
      {R"({"execute":"guest-file-read","arguments":{"handle":{}}})", "'handle', expected: integer"},
      {R"({"execute":"guest-file-read","arguments":{"handle":1,"count":null}})", "'count', expected: integer"},
      {R"({"execute":"guest-file-read","arguments":{"handle":1,"count":1.0}})", "'count', expected: integer"},
      {R"({"execute":"guest-file-write","arguments":{"handle":1,"buf-b64":5}})", "'buf-b64', expected: string"},
      {R"({"execute":"guest-file-write","arguments":{"handle":1,"buf-b64":[]}})", "'buf-b64', expected: string"},
      {R"({"execute":"guest-file-write","arguments":{"handle":1,"buf-b64":"","count":"0"}})",
       "'count', expected: integer"},
      {R"({"execute":"guest-file-seek","arguments":{"handle":1,"offset":"0","whence":0}})",
       "'offset', expected: integer"},
      {R"({"execute":"guest-file-seek","arguments":{"handle":1,"offset":0,"whence":null}})",
       "'whence', expected: GuestFileWhence"},
      {R"({"execute":"guest-file-seek","arguments":{"handle":1,"offset":0,"whence":{}}})",
       "'whence', expected: GuestFileWhence"},
      {R"({"execute":"guest-file-flush","arguments":{"handle":true}})", "'handle', expected: integer"},
  };
  for (const auto& [request, what] : cases) {
    expect(request, generic_error("Invalid parameter type for " + std::string(what)));
  }
  expect(R"({"execute":"guest-file-seek","arguments":{"handle":1,"offset":0,"whence":"middle"}})",
         generic_error("Parameter 'whence' does not accept value 'middle'"));
  expect(R"({"execute":"guest-file-write","arguments":{"handle":1}})", generic_error("Parameter 'buf-b64' is missing"));
}

TEST_F(WireErrors, CheckUnexpectedArgumentsLast) {
  expect(R"({"execute":"guest-file-open","arguments":{"more":1}})", generic_error("Parameter 'path' is missing"));
  expect(R"({"execute":"guest-file-open","arguments":{"more":1,"path":2}})",
         generic_error("Invalid parameter type for 'path', expected: string"));
}

TEST_F(WireErrors, CheckTheEnvelopeBeforeTheCommandAndTheCommandBeforeItsArguments) {
  expect(R"({"execute":"guest-nothing","more":1})", generic_error("QMP input member 'more' is unexpected"));
  expect(R"({"execute":"guest-nothing","arguments":[]})",
         generic_error("QMP input member 'arguments' must be an object"));
}

TEST_F(WireErrors, NameTheSyntaxError) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"execute":"guest-ping",})", "expecting value"},
      {R"({1:2})", "key is not a string in object"},
      {R"({"execute" "guest-ping"})", "missing : in object pair"},
      {R"({"execute":"guest-ping" "id":1})", "expected separator in dict"},
      {R"({"execute":"guest-ping","id":[1 2]})", "expected separator in list"},
      {R"({"execute":"guest-ping","execute":"guest-ping"})", "duplicate key"},
      {R"({"execute":"guest-ping","id":{"a":1,"a":2}})", "duplicate key"},
      {R"({"execute":guest})", "invalid keyword 'guest'"},
      {R"({"execute":"guest-ping","id":True})", nullptr},
      {R"({"execute":"guest-ping","id":[1,]})", "expecting value"},
      {R"({"execute":"\x"})", nullptr},
      {"{\"execute\":\"\xC3\x28\"}", "invalid UTF-8 sequence in string"},
      {R"({"execute":"\uD800"})", nullptr},
      {R"({"execute":"guest-ping","id":01})", nullptr},
      {R"({"execute":"guest-ping","id":+1})", nullptr},
      {R"({"execute":"guest-ping","id":.5})", nullptr},
      {R"({"execute":"guest-ping","id":1.})", nullptr},
      {"{\"execute\":\"guest-\tping\"}", nullptr},
  };
  for (const auto& [request, what] : cases) {
    const std::string reply = client_.request(request);
    if (what != nullptr) {
      EXPECT_EQ(reply, generic_error("JSON parse error, " + std::string(what))) << request;
    } else {
      EXPECT_TRUE(reply.starts_with(R"({"error": {"class": "GenericError", "desc": "JSON parse error, )"))
          << request << ": " << reply;
    }
    EXPECT_TRUE(client_.sync()) << "after " << request;
  }
}

TEST_F(WireErrors, AnswerMismatchedBracketsWithOneError) {
  for (const char* request : {R"({"a":[})", "[}", "}", "]", ":", ",", R"({"a":{]})", "{]", "[1,2}"}) {
    const std::string reply = client_.request(request);
    EXPECT_TRUE(reply.starts_with(R"({"error": {"class": "GenericError", "desc": "JSON parse error, )"))
        << request << ": " << reply;
    EXPECT_TRUE(client_.sync()) << "after " << request;
  }
}

}  // namespace
}  // namespace guestd
