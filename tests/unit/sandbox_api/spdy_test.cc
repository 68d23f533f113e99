// The SPDY codec: what it writes it reads, in pieces of any size, and what is broken is told.
#include <gtest/gtest.h>

#include "harness/sandbox/api/spdy_codec.h"

namespace holdfast::sandbox {
namespace {

using Kind = SpdyFrame::Kind;
using std::string_literals::operator""s;

SpdyFrame ReadOne(SpdyReader& reader, std::string_view bytes) {
  // One byte after the other: nothing comes before the last.
  for (const char byte : bytes.substr(0, bytes.size() - 1)) {
    reader.Feed({&byte, 1});
    const auto frame = reader.Next();
    EXPECT_TRUE(frame && !*frame);
  }
  reader.Feed(bytes.substr(bytes.size() - 1));
  const auto frame = reader.Next();
  EXPECT_TRUE(frame && *frame) << (frame ? "no frame" : frame.error().message);
  return frame && *frame ? **frame : SpdyFrame();
}

TEST(Spdy, HeadersShareOneCompression) {
  SpdyWriter writer;
  SpdyReader reader;
  for (uint32_t stream = 1; stream < 9; stream += 2) {
    const SpdyHeaders headers = {{"streamtype", "data"},
                                 {"port", "5432"},
                                 {"requestid", std::to_string(stream)},
                                 {"long", std::string(9000, 'x')}};
    const SpdyFrame frame = ReadOne(reader, writer.Open(stream, headers));
    EXPECT_EQ(frame.kind, Kind::kOpen);
    EXPECT_EQ(frame.stream, stream);
    EXPECT_EQ(frame.headers, headers);
    EXPECT_EQ(ReadOne(reader, writer.Reply(stream)).kind, Kind::kOther);
  }
}

TEST(Spdy, TheDictionaryIsThatOfTheProtocol) {
  // A stream compressed with a dictionary names it by its Adler-32 checksum.
  SpdyWriter writer;
  const std::string frame = writer.Reply(1);
  EXPECT_EQ(frame.substr(0, 8), "\x80\x03\x00\x02\x00\x00\x00"s + frame[7]);
  EXPECT_EQ(frame.substr(14, 4), "\xe3\xc6\xa7\xc2");
}

TEST(Spdy, NamesAreReadInLowerCase) {
  SpdyWriter writer;
  SpdyReader reader;
  const SpdyFrame frame = ReadOne(reader, writer.Open(1, {{"StreamType", "Error"}}));
  EXPECT_EQ(frame.headers, (SpdyHeaders{{"streamtype", "Error"}}));
}

TEST(Spdy, DataPingsAndResets) {
  SpdyReader reader;
  SpdyFrame frame = ReadOne(reader, SpdyWriter::Data(7, "ab\0c"s, false));
  EXPECT_EQ(frame.kind, Kind::kData);
  EXPECT_EQ(frame.stream, 7U);
  EXPECT_EQ(frame.data, "ab\0c"s);
  EXPECT_FALSE(frame.fin);
  EXPECT_TRUE(ReadOne(reader, SpdyWriter::Data(7, "", true)).fin);
  frame = ReadOne(reader, SpdyWriter::Ping(0x7FFFFFFF));
  EXPECT_EQ(frame.kind, Kind::kPing);
  EXPECT_EQ(frame.stream, 0x7FFFFFFFU);
  frame = ReadOne(reader, SpdyWriter::Reset(9));
  EXPECT_EQ(frame.kind, Kind::kReset);
  EXPECT_EQ(frame.stream, 9U);
}

TEST(Spdy, WhatIsBrokenIsAnError) {
  const auto fails = [](const std::string& bytes) {
    SpdyReader reader;
    reader.Feed(bytes);
    return !reader.Next();
  };
  EXPECT_TRUE(fails("\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01"s)) << "another version";
  EXPECT_TRUE(fails("\x00\x00\x00\x01\x00\xFF\xFF\xFF"s)) << "a frame of 16 MiB";
  EXPECT_TRUE(fails("\x80\x03\x00\x06\x00\x00\x00\x02\x00\x01"s)) << "a ping without id";
  EXPECT_TRUE(fails("\x80\x03\x00\x01\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00zz"s))
      << "headers that are not compressed";
  SpdyWriter writer;
  std::string cut = writer.Open(1, {{"streamtype", "data"}});
  EXPECT_FALSE(fails(cut));
  cut[7] = static_cast<char>(cut[7] - 12);
  EXPECT_TRUE(fails(cut)) << "headers that end early";
}

}  // namespace
}  // namespace holdfast::sandbox
