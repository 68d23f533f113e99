// What each kind of answer and failure means: the codes that callers branch on.
#include "harness/kube/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/kube/failure.h"
#include "harness/kube/query.h"

namespace holdfast::kube {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

HttpAnswer Http(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

std::string StatusBody(int code, const std::string& reason) {
  return fmt::format(R"({{"kind":"Status","status":"Failure","message":"no","reason":"{}",)"
                     R"("code":{}}})",
                     reason, code);
}

struct CodeRow {
  int status;
  ErrorCode read;
  ErrorCode write;
};

TEST(Status, EveryHttpStatusHasItsCode) {
  using enum ErrorCode;
  for (const CodeRow& row : {CodeRow{400, kInvalidArgument, kInvalidArgument},
                             {401, kRefused, kRefused},
                             {403, kRefused, kRefused},
                             {404, kNotFound, kNotFound},
                             {405, kInvalidArgument, kInvalidArgument},
                             {409, kConflict, kConflict},
                             {410, kConflict, kConflict},
                             {415, kInvalidArgument, kInvalidArgument},
                             {422, kRefused, kRefused},
                             {429, kRefused, kRefused},
                             {500, kUnavailable, kIndeterminate},
                             {503, kUnavailable, kIndeterminate},
                             {504, kUnavailable, kIndeterminate}}) {
    for (const bool json : {true, false}) {
      const HttpAnswer answer = Http(row.status, json ? StatusBody(row.status, "Why") : "<html>");
      const auto read = InterpretAnswer({"get x", false}, answer);
      const auto write = InterpretAnswer({"patch x", true}, answer);
      ASSERT_FALSE(read || write) << row.status;
      EXPECT_EQ(read.error().code, row.read) << row.status;
      EXPECT_EQ(write.error().code, row.write) << row.status;
      EXPECT_EQ(read.error().http_status, row.status);
      EXPECT_EQ(read.error().reason, json ? "Why" : "");
      EXPECT_THAT(read.error().message, HasSubstr("cannot get x: "));
    }
  }
}

TEST(Status, AFailureInAGoodAnswerIsAnError) {
  const auto result = InterpretAnswer({"get x", false}, Http(200, StatusBody(409, "Conflict")));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
  EXPECT_EQ(result.error().http_status, 409);
}

TEST(Status, ASuccessStatusIsAGoodAnswer) {
  EXPECT_TRUE(
      InterpretAnswer({"delete x", true}, Http(200, R"({"kind":"Status","status":"Success"})")));
  EXPECT_TRUE(InterpretAnswer({"create x", true}, Http(201, R"({"kind":"Pod"})")));
}

TEST(Status, AGoodAnswerThatIsNotJsonNamesWhatCame) {
  for (const std::string body : {"<html>\r\nlogin\x01</html>", "", "[1]", "{\"a\":", "\xff\xfe"}) {
    const auto read = InterpretAnswer({"get x", false}, Http(200, body));
    const auto write = InterpretAnswer({"create x", true}, Http(201, body));
    ASSERT_FALSE(read || write) << body;
    EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(write.error().code, ErrorCode::kIndeterminate);
    EXPECT_THAT(read.error().message, Not(HasSubstr("\n")));
  }
}

TEST(Status, OddStatusBodiesDoNotHurt) {
  for (const std::string body :
       {R"({"kind":"Status","code":"x","message":7,"details":[1]})", R"({"kind":"Status"})",
        R"({"kind":"Status","code":-5,"status":"Failure"})", "null", "7"}) {
    const auto result = InterpretAnswer({"get x", false}, Http(404, body));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound) << body;
    EXPECT_EQ(RetryDelay({"get x", false}, Http(429, body)), std::nullopt);
  }
}

TEST(Status, RetriesWhatTheServerSaysAndNothingElse) {
  using namespace std::chrono_literals;
  const auto with_header = [](int status, int64_t seconds, std::string body) {
    HttpAnswer answer = Http(status, std::move(body));
    answer.retry_after = seconds;
    return answer;
  };
  const Operation read{"get x", false};
  const Operation write{"create x", true};
  const std::string budget = R"({"kind":"Status","code":429,"details":{"retryAfterSeconds":10,)"
                             R"("causes":[{"reason":"DisruptionBudget"}]}})";
  EXPECT_EQ(RetryDelay(write, with_header(429, 3, "")), 3s);
  EXPECT_EQ(RetryDelay(write, Http(429, R"({"details":{"retryAfterSeconds":4}})")), 4s);
  EXPECT_EQ(RetryDelay(write, Http(429, "")), std::nullopt);
  EXPECT_EQ(RetryDelay(write, with_header(429, 10, budget)), std::nullopt);
  EXPECT_EQ(RetryDelay(read, Http(503, "")), 500ms);
  EXPECT_EQ(RetryDelay(read, with_header(503, 2, "")), 2s);
  EXPECT_EQ(RetryDelay(write, with_header(503, 2, "")), std::nullopt);
  EXPECT_EQ(RetryDelay(read, with_header(500, 2, "")), std::nullopt);
  EXPECT_EQ(RetryDelay(read, Http(200, "{}")), std::nullopt);
}

TEST(Failure, OnlyAWriteThatWasSentIsIndeterminate) {
  using enum FailureKind;
  const auto code = [](FailureKind kind, bool sent) {
    return DescribeFailure({kind, "why", sent}, "https://h:1", std::chrono::seconds(1)).code;
  };
  for (const FailureKind kind :
       {kResolve, kConnect, kServerCertificate, kClientCertificate, kHandshake}) {
    EXPECT_EQ(code(kind, false), ErrorCode::kUnavailable);
    EXPECT_EQ(code(kind, true), ErrorCode::kUnavailable);
  }
  for (const FailureKind kind : {kTimeout, kCut, kTooLarge}) {
    EXPECT_EQ(code(kind, false), ErrorCode::kUnavailable);
    EXPECT_EQ(code(kind, true), ErrorCode::kIndeterminate);
  }
  EXPECT_EQ(code(kCredentials, false), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(kClosed, false), ErrorCode::kCancelled);
  EXPECT_EQ(code(kClosed, true), ErrorCode::kIndeterminate);
}

TEST(Query, EscapesAndLeavesOutWhatIsEmpty) {
  EXPECT_EQ(Query({}), "");
  EXPECT_EQ(Query({{"a", ""}}), "");
  EXPECT_EQ(Query({{"labelSelector", "app=web,x in (a, b)"}, {"b", ""}, {"c", "1~-_."}}),
            "?labelSelector=app%3Dweb%2Cx%20in%20%28a%2C%20b%29&c=1~-_.");
  EXPECT_EQ(Escape("\xC3\xA9&#\n"), "%C3%A9%26%23%0A");
}

}  // namespace
}  // namespace holdfast::kube
