// Jest 6.3, three ways. Told where to go by /etc/tlsfront/client/elasticsearch.env, which names the trust store's directory, too.
import io.searchbox.client.JestClient;
import io.searchbox.client.JestClientFactory;
import io.searchbox.client.JestResult;
import io.searchbox.client.config.HttpClientConfig;
import io.searchbox.core.Bulk;
import io.searchbox.core.Count;
import io.searchbox.core.Index;
import io.searchbox.core.Search;
import io.searchbox.core.SearchScroll;
import io.searchbox.indices.DeleteIndex;
import java.io.File;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.ssl.SSLContexts;

public class Example {
  private static final String URL = System.getenv("ELASTICSEARCH_URL");

  /** The JVM's system properties say what is trusted: java @/etc/tlsfront/client/java.args. Nothing in the program changes. */
  static JestClient bySystemProperties() {
    JestClientFactory factory = new JestClientFactory();
    factory.setHttpClientConfig(settings().build());
    return factory.getObject();
  }

  /** The program says what is trusted, for this client alone. */
  static JestClient bySslSocketFactory() throws Exception {
    JestClientFactory factory = new JestClientFactory();
    factory.setHttpClientConfig(settings().sslSocketFactory(trusting()).build());
    return factory.getObject();
  }

  /** The advice that is often given. It has no effect: the factory's own connection manager, which knows nothing of it, wins. */
  static JestClient byExtension() {
    JestClientFactory factory = new JestClientFactory() {
      @Override
      protected HttpClientBuilder configureHttpClient(HttpClientBuilder builder) {
        try {
          return builder.setSSLSocketFactory(trusting());
        } catch (Exception error) {
          throw new IllegalStateException(error);
        }
      }
    };
    factory.setHttpClientConfig(settings().build());
    return factory.getObject();
  }

  static HttpClientConfig.Builder settings() {
    return new HttpClientConfig.Builder(URL).connTimeout(30_000).readTimeout(30_000);
  }

  /** Trusts the store and nothing else; host names are verified, as they are by default. */
  static SSLConnectionSocketFactory trusting() throws Exception {
    File store = new File(new File(System.getenv("ELASTICSEARCH_CA")).getParentFile(), "truststore.p12");
    SSLContext context = SSLContexts.custom().loadTrustMaterial(store, "changeit".toCharArray()).build();
    return new SSLConnectionSocketFactory(context);
  }

  public static void main(String[] arguments) throws Exception {
    JestClient client = switch (arguments[0]) {
      case "properties" -> bySystemProperties();
      case "factory" -> bySslSocketFactory();
      default -> byExtension();
    };
    String index = "example-" + UUID.randomUUID();
    try {
      Bulk.Builder bulk = new Bulk.Builder().defaultIndex(index).refresh(true);
      for (int number = 0; number < 1000; number++) bulk.addAction(new Index.Builder(Map.of("number", number)).build());
      int indexed = succeeded(client.execute(bulk.build())).getJsonObject().getAsJsonArray("items").size();
      String few = "{\"query\":{\"range\":{\"number\":{\"lt\":500}}}}";
      int found = succeeded(client.execute(new Count.Builder().addIndex(index).query(few).build())).getJsonObject().get("count").getAsInt();
      JestResult page = succeeded(client.execute(new Search.Builder("{\"size\":250}").addIndex(index).setParameter("scroll", "1m").build()));
      int scrolled = 0;
      for (int hits; (hits = page.getJsonObject().getAsJsonObject("hits").getAsJsonArray("hits").size()) > 0; scrolled += hits) {
        page = succeeded(client.execute(new SearchScroll.Builder(page.getJsonObject().get("_scroll_id").getAsString(), "1m").build()));
      }
      succeeded(client.execute(new DeleteIndex.Builder(index).build()));
      System.out.printf("{\"indexed\": %d, \"found\": %d, \"scrolled\": %d}%n", indexed, found, scrolled);
    } finally {
      client.close();
    }
  }

  private static JestResult succeeded(JestResult result) {
    if (!result.isSucceeded()) throw new IllegalStateException(result.getErrorMessage());
    return result;
  }
}
