#include "harness/sandbox/api/spdy_codec.h"

#include <array>

#include <zlib.h>

namespace holdfast::sandbox {
namespace {

constexpr uint8_t kFin = 1;
constexpr uint16_t kVersion = 3;
constexpr uint16_t kSynStream = 1;
constexpr uint16_t kSynReply = 2;
constexpr uint16_t kRstStream = 3;
constexpr uint16_t kPing = 6;
constexpr uint16_t kGoAway = 7;
constexpr uint16_t kHeaders = 8;
constexpr uint32_t kControl = 0x80000000U;
constexpr uint32_t kCancel = 5;
constexpr size_t kHead = 8;
constexpr size_t kLargestFrame = 1U << 20U;
constexpr size_t kLargestHeaders = 1U << 16U;

void Put(std::string& to, uint32_t value, unsigned bytes) {
  for (unsigned shift = 8 * bytes; shift > 0; shift -= 8)
    to += static_cast<char>((value >> (shift - 8)) & 0xFFU);
}

uint32_t Take(std::string_view& from, unsigned bytes) {
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i)
    value = (value << 8U) | static_cast<unsigned char>(from[i]);
  from.remove_prefix(bytes);
  return value;
}

// What both ends begin their compression with: words with their length, then text (section 2.6.10.1).
const std::string& Dictionary() {
  static const std::string dictionary = [] {
    std::string text;
    for (const char* word :
         {"options", "head", "post", "put", "delete", "trace", "accept", "accept-charset",
          "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization",
          "cache-control", "connection", "content-base", "content-encoding", "content-language",
          "content-length", "content-location", "content-md5", "content-range", "content-type",
          "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since",
          "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location",
          "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer",
          "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
          "vary", "via", "warning", "www-authenticate", "method", "get", "status", "200 OK",
          "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"}) {
      Put(text, static_cast<uint32_t>(std::string_view(word).size()), 4);
      text += word;
    }
    text +=
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
        "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 "
        "Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 "
        "Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, "
        "Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,"
        "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
        "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
    return text;
  }();
  return dictionary;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return lower;
}

const Bytef* Bytes(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

std::string Control(uint16_t type, std::string_view body) {
  std::string frame;
  Put(frame, kControl | (uint32_t{kVersion} << 16U) | type, 4);
  Put(frame, static_cast<uint32_t>(body.size()), 4);
  frame += body;
  return frame;
}

// Pairs of name and value, each with its length before it.
Result<SpdyHeaders> ParsePairs(std::string_view block) {
  const auto broken = [] {
    return Fail(ErrorCode::kInvalidArgument, "a SPDY header block is cut short");
  };
  if (block.size() < 4) return broken();
  SpdyHeaders headers;
  for (uint32_t left = Take(block, 4); left > 0; --left) {
    std::array<std::string_view, 2> pair;
    for (std::string_view& text : pair) {
      if (block.size() < 4) return broken();
      const uint32_t size = Take(block, 4);
      if (size > block.size()) return broken();
      text = block.substr(0, size);
      block.remove_prefix(size);
    }
    headers[Lower(pair[0])] = pair[1];
  }
  return headers;
}

}  // namespace

struct SpdyReader::Inflater {
  z_stream zip{};
};
struct SpdyWriter::Deflater {
  z_stream zip{};
};

SpdyReader::SpdyReader() : inflater_(std::make_unique<Inflater>()) { inflateInit(&inflater_->zip); }
SpdyReader::~SpdyReader() { inflateEnd(&inflater_->zip); }

Result<SpdyHeaders> SpdyReader::Headers(std::string_view block) {
  z_stream& zip = inflater_->zip;
  // zlib does not write to what it reads; its interface is older than const.
  zip.next_in = const_cast<Bytef*>(Bytes(block));
  zip.avail_in = static_cast<uInt>(block.size());
  std::string text;
  std::array<char, 4096> piece{};
  while (true) {
    zip.next_out = reinterpret_cast<Bytef*>(piece.data());
    zip.avail_out = static_cast<uInt>(piece.size());
    int outcome = inflate(&zip, Z_SYNC_FLUSH);
    if (outcome == Z_NEED_DICT)
      outcome = inflateSetDictionary(&zip, Bytes(Dictionary()),
                                     static_cast<uInt>(Dictionary().size()));
    else
      text.append(piece.data(), piece.size() - zip.avail_out);
    if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || text.size() > kLargestHeaders)
      return Fail(ErrorCode::kInvalidArgument, "a SPDY header block cannot be inflated");
    if (zip.avail_in == 0 && zip.avail_out != 0) break;
    if (outcome == Z_BUF_ERROR) break;
  }
  return ParsePairs(text);
}

Result<std::optional<SpdyFrame>> SpdyReader::Next() {
  if (buffer_.size() < kHead) return std::nullopt;
  std::string_view rest = buffer_;
  const uint32_t first = Take(rest, 4);
  const uint32_t second = Take(rest, 4);
  const size_t size = second & 0xFFFFFFU;
  if (size > kLargestFrame)
    return Fail(ErrorCode::kInvalidArgument, "a SPDY frame of {} bytes is too large", size);
  if (rest.size() < size) return std::nullopt;
  std::string_view body = rest.substr(0, size);
  SpdyFrame frame;
  frame.fin = ((second >> 24U) & kFin) != 0;
  if ((first & kControl) == 0) {
    frame.kind = SpdyFrame::Kind::kData;
    frame.stream = first;
    frame.data = body;
    buffer_.erase(0, kHead + size);
    return frame;
  }
  if (((first >> 16U) & 0x7FFFU) != kVersion)
    return Fail(ErrorCode::kInvalidArgument, "SPDY version {} is not served: only 3",
                (first >> 16U) & 0x7FFFU);
  const auto type = static_cast<uint16_t>(first & 0xFFFFU);
  const size_t fixed = type == kSynStream                                               ? 10
                       : type == kRstStream || type == kGoAway                          ? 8
                       : type == kPing || type == kHeaders || type == kSynReply         ? 4
                                                                                        : 0;
  if (body.size() < fixed)
    return Fail(ErrorCode::kInvalidArgument, "a SPDY frame of type {} is cut short", type);
  if (fixed != 0) frame.stream = Take(body, 4) & ~kControl;
  if (type == kSynStream || type == kSynReply || type == kHeaders) {
    // All blocks are inflated, wanted or not: they share one compression.
    if (type == kSynStream) body.remove_prefix(fixed - 4);
    HOLDFAST_ASSIGN(frame.headers, Headers(body));
    if (type == kSynStream) frame.kind = SpdyFrame::Kind::kOpen;
  } else if (type == kRstStream) {
    frame.kind = SpdyFrame::Kind::kReset;
  } else if (type == kPing) {
    frame.kind = SpdyFrame::Kind::kPing;
  } else if (type == kGoAway) {
    frame.kind = SpdyFrame::Kind::kGoAway;
  }
  buffer_.erase(0, kHead + size);
  return frame;
}

SpdyWriter::SpdyWriter() : deflater_(std::make_unique<Deflater>()) {
  deflateInit(&deflater_->zip, Z_DEFAULT_COMPRESSION);
  deflateSetDictionary(&deflater_->zip, Bytes(Dictionary()),
                       static_cast<uInt>(Dictionary().size()));
}
SpdyWriter::~SpdyWriter() { deflateEnd(&deflater_->zip); }

std::string SpdyWriter::Block(const SpdyHeaders& headers) {
  std::string text;
  Put(text, static_cast<uint32_t>(headers.size()), 4);
  for (const auto& [name, value] : headers)
    for (const std::string& one : {name, value}) {
      Put(text, static_cast<uint32_t>(one.size()), 4);
      text += one;
    }
  z_stream& zip = deflater_->zip;
  zip.next_in = const_cast<Bytef*>(Bytes(text));
  zip.avail_in = static_cast<uInt>(text.size());
  std::string block;
  std::array<char, 4096> piece{};
  do {
    zip.next_out = reinterpret_cast<Bytef*>(piece.data());
    zip.avail_out = static_cast<uInt>(piece.size());
    deflate(&zip, Z_SYNC_FLUSH);
    block.append(piece.data(), piece.size() - zip.avail_out);
  } while (zip.avail_out == 0);
  return block;
}

std::string SpdyWriter::Open(uint32_t stream, const SpdyHeaders& headers) {
  std::string body;
  Put(body, stream, 4);
  Put(body, 0, 4);  // Belongs to no other stream.
  Put(body, 0, 2);
  return Control(kSynStream, body + Block(headers));
}

std::string SpdyWriter::Reply(uint32_t stream) {
  std::string body;
  Put(body, stream, 4);
  return Control(kSynReply, body + Block({}));
}

std::string SpdyWriter::Data(uint32_t stream, std::string_view bytes, bool fin) {
  std::string frame;
  Put(frame, stream, 4);
  Put(frame, fin ? kFin : 0U, 1);
  Put(frame, static_cast<uint32_t>(bytes.size()), 3);
  frame += bytes;
  return frame;
}

std::string SpdyWriter::Ping(uint32_t id) {
  std::string body;
  Put(body, id, 4);
  return Control(kPing, body);
}

std::string SpdyWriter::Reset(uint32_t stream) {
  std::string body;
  Put(body, stream, 4);
  Put(body, kCancel, 4);
  return Control(kRstStream, body);
}

}  // namespace holdfast::sandbox
