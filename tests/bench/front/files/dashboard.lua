-- for wrk: what a dashboard asks about the documents with a word: how many there are of each level, statistics of their
-- numbers, and the ten newest
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{"query":{"match":{"text":"word7"}},"size":10,"sort":[{"number":"desc"}],
"aggs":{"levels":{"terms":{"field":"level"},"aggs":{"numbers":{"stats":{"field":"number"}}}},
"over":{"histogram":{"field":"number","interval":1000}}}}]]
