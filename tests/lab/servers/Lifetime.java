import java.io.Closeable;

/** A node of the lab lives until its process is told to stop. Of no product, whose packages have names of their own. */
final class Lifetime {
    interface Start {
        void run() throws Exception;
    }

    /** Starts the node, and does not return. */
    static void of(Closeable node, Start start) throws Exception {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        start.run();
        Thread.currentThread().join();
    }

    private Lifetime() { }
}
