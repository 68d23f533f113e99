#include "tests/integration/sandbox_recordings/raw_http.h"

#include <memory>

#include <curl/curl.h>

#include "harness/base/strings.h"

namespace holdfast::recordings {
namespace {

size_t OnBody(const char* data, size_t one, size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, one * count);
  return one * count;
}

size_t OnHeader(const char* data, size_t one, size_t count, void* into) {
  const std::string line(data, one * count);
  const size_t colon = line.find(':');
  if (colon != std::string::npos) {
    std::string name = line.substr(0, colon);
    for (char& c : name)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    (*static_cast<std::map<std::string, std::string>*>(into))[name] =
        std::string(Trim(line.substr(colon + 1)));
  }
  return one * count;
}

curl_blob Blob(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

}  // namespace

Result<RawAnswer> Send(const kube::ClusterAccess& access,
                       const std::string& method,
                       const std::string& path,
                       const std::string& body,
                       const std::vector<std::string>& headers) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  RawAnswer answer;
  curl_slist* list = nullptr;
  if (!access.token.empty())
    list = curl_slist_append(list, ("Authorization: Bearer " + access.token).c_str());
  for (const std::string& header : headers)
    list = curl_slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned(list,
                                                                          &curl_slist_free_all);
  CURL* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, (access.server + path).c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, 60L);
  curl_blob ca = Blob(access.ca_pem);
  curl_blob certificate = Blob(access.client_certificate_pem);
  curl_blob key = Blob(access.client_key_pem);
  if (ca.len > 0) curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &ca);
  if (certificate.len > 0) curl_easy_setopt(handle, CURLOPT_SSLCERT_BLOB, &certificate);
  if (key.len > 0) curl_easy_setopt(handle, CURLOPT_SSLKEY_BLOB, &key);
  if (!body.empty() || method == "POST" || method == "PUT") {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer.headers);
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK)
    return Fail(ErrorCode::kIndeterminate, "{} {}: {}", method, path, curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

Result<RawAnswer> SendJson(const kube::ClusterAccess& access,
                           const std::string& method,
                           const std::string& path,
                           const Json& body) {
  return Send(access, method, path, DumpJson(body),
              {"Content-Type: application/json", "Accept: application/json"});
}

}  // namespace holdfast::recordings
