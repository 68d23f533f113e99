// Frames of SPDY/3.1, on which kubectl's port-forward runs (inside WebSocket messages, or straight on
// the connection), and exec and attach of kubectl before 1.30.
//
// Source: SPDY Protocol Draft 3.1, sections 2.2 and 2.6. Flow control is left out on purpose: the only
// client there is, the library in kubectl, has none either.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SPDY_CODEC_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SPDY_CODEC_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace holdfast::sandbox {

using SpdyHeaders = std::map<std::string, std::string>;  // Names in lower case.

struct SpdyFrame {
  enum class Kind { kOpen, kData, kReset, kPing, kGoAway, kOther };
  Kind kind = Kind::kOther;
  uint32_t stream = 0;  // Of a ping: its id.
  bool fin = false;     // The peer sends no more on this stream.
  std::string data;
  SpdyHeaders headers;
};

// The bytes of one direction, taken apart. Not thread-safe.
class SpdyReader {
 public:
  SpdyReader();
  ~SpdyReader();
  SpdyReader(const SpdyReader&) = delete;
  SpdyReader& operator=(const SpdyReader&) = delete;
  void Feed(std::string_view bytes) { buffer_ += bytes; }
  // The next whole frame; nullopt: more bytes are needed. After an error (another version, a header
  // block that cannot be inflated, more than 1 MiB in a frame) the connection is of no more use.
  Result<std::optional<SpdyFrame>> Next();

 private:
  struct Inflater;
  Result<SpdyHeaders> Headers(std::string_view block);
  std::unique_ptr<Inflater> inflater_;
  std::string buffer_;
};

// Makes frames of one direction; the order in which they are made is the order on the wire, since
// header blocks share one compression. Not thread-safe.
class SpdyWriter {
 public:
  SpdyWriter();
  ~SpdyWriter();
  SpdyWriter(const SpdyWriter&) = delete;
  SpdyWriter& operator=(const SpdyWriter&) = delete;
  std::string Open(uint32_t stream, const SpdyHeaders& headers);
  std::string Reply(uint32_t stream);
  // REQUIRES less than 16 MiB.
  static std::string Data(uint32_t stream, std::string_view bytes, bool fin);
  static std::string Ping(uint32_t id);
  static std::string Reset(uint32_t stream);

 private:
  struct Deflater;
  std::string Block(const SpdyHeaders& headers);
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SPDY_CODEC_H_
