// opensearch-java 3. Told where to go by /etc/tlsfront/client/elasticsearch.env, and whom to trust by java.args beside it.
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.nio.AsyncClientConnectionManager;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.DefaultHostnameVerifier;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.nio.ssl.TlsStrategy;
import org.opensearch.client.json.JsonData;
import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.opensearch._types.Refresh;
import org.opensearch.client.opensearch._types.Time;
import org.opensearch.client.opensearch.core.BulkRequest;
import org.opensearch.client.opensearch.core.ScrollResponse;
import org.opensearch.client.opensearch.core.SearchResponse;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;

public class Example {
  private static final String URL = System.getenv("ELASTICSEARCH_URL");

  /** The JVM's system properties say what is trusted; chain and host name are verified. */
  static OpenSearchTransport verifying() throws Exception {
    TlsStrategy tls = new DefaultClientTlsStrategy(SSLContext.getDefault(), HostnameVerificationPolicy.BOTH, new DefaultHostnameVerifier());
    AsyncClientConnectionManager manager = PoolingAsyncClientConnectionManagerBuilder.create().setTlsStrategy(tls).build();
    return ApacheHttpClient5TransportBuilder.builder(HttpHost.create(URL))
        .setHttpClientConfigCallback(client -> client.setConnectionManager(manager)).build();
  }

  /** What the client does by itself: the chain is verified, but the host name is not. */
  static OpenSearchTransport byDefault() throws Exception {
    return ApacheHttpClient5TransportBuilder.builder(HttpHost.create(URL)).build();
  }

  public static void main(String[] arguments) throws Exception {
    try (OpenSearchTransport transport = arguments.length > 0 ? byDefault() : verifying()) {
      OpenSearchClient client = new OpenSearchClient(transport);
      String index = "example-" + UUID.randomUUID();
      BulkRequest.Builder bulk = new BulkRequest.Builder().index(index).refresh(Refresh.True);
      for (int number = 0; number < 1000; number++) {
        Map<String, Integer> document = Map.of("number", number);
        bulk.operations(operation -> operation.index(item -> item.document(document)));
      }
      long indexed = client.bulk(bulk.build()).items().stream().filter(item -> item.status() == 201).count();
      long found = client.count(count -> count.index(index).query(q -> q.range(r -> r.field("number").lt(JsonData.of(500))))).count();
      Time minute = Time.of(time -> time.time("1m"));
      SearchResponse<Map> page = client.search(search -> search.index(index).size(250).scroll(minute), Map.class);
      long scrolled = page.hits().hits().size();
      String id = page.scrollId();
      for (boolean more = true; more;) {
        String previous = id;
        ScrollResponse<Map> next = client.scroll(scroll -> scroll.scrollId(previous).scroll(minute), Map.class);
        scrolled += next.hits().hits().size();
        more = !next.hits().hits().isEmpty();
        id = next.scrollId();
      }
      client.indices().delete(delete -> delete.index(index));
      System.out.printf("{\"indexed\": %d, \"found\": %d, \"scrolled\": %d}%n", indexed, found, scrolled);
    }
  }
}
