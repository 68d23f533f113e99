#include <fcntl.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"

namespace holdfast {
namespace {

TEST(Files, AtomicWriteReplaces) {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "a";
  ASSERT_TRUE(WriteFileAtomic(path, "one"));
  ASSERT_TRUE(WriteFileAtomic(path, "two"));
  EXPECT_EQ(ReadFile(path).value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, WhatCannotBeReadIsNamed) {
  const TemporaryDirectory folder;
  EXPECT_EQ(ReadFile(folder.path() / "absent").error().code, ErrorCode::kNotFound);
  EXPECT_NE(ReadFile(folder.path()).error().message.find("is a directory"), std::string::npos);
  EXPECT_FALSE(WriteFileAtomic(folder.path() / "no" / "such", "x"));
}

TEST(Files, AFullDiskIsCalledThat) {
  FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  EXPECT_NE(WriteAll(full.get(), "x", "trace.jsonl").error().message.find("the disk is full"),
            std::string::npos);
}

TEST(Process, OutputAndExitCode) {
  ProcessOptions options;
  options.argv = {"sh", "-c", "cat; echo err >&2; exit 3"};
  options.input = std::string(300000, 'x');
  const auto result = RunProcess(options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->out.size(), 300000U);
  EXPECT_EQ(result->err, "err\n");
}

TEST(Process, AMissingProgramIsNamed) {
  const auto result = RunChecked({"no-such-program-here"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_NE(result.error().message.find("no-such-program-here"), std::string::npos);
}

TEST(Process, TheTimeoutKillsTheWholeGroup) {
  ProcessOptions options;
  options.argv = {"sh", "-c", "sleep 1000 & wait"};
  options.timeout = std::chrono::milliseconds(100);
  const auto result = RunProcess(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimedOut);
}

TEST(Process, AnErrorCarriesTheLastLines) {
  const auto result = RunChecked({"sh", "-c", "echo bad luck >&2; exit 1"});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("bad luck"), std::string::npos);
}

}  // namespace
}  // namespace holdfast
