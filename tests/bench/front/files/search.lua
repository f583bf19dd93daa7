-- for wrk: a search for a word that one document of ten has, as an application sends it
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"query":{"match":{"text":"word7"}},"size":10}'
