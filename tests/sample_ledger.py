"""A small shop for the spec tests: three regions, versions, a fix, a repeat, an undo, quarantine, four currencies."""

from table_text import parse_tables

SAMPLE_LEDGER = parse_tables(
    {
        "reporting": """
            currency
            USD
        """,
        "surrogate_secret": """
            secret
            of-the-sample
        """,
        "reporting_rates": """
            sale_date   currency  factor
            2024-01-05  INR       0.012345679
            2024-01-06  INR       0.012
            2024-02-01  INR       0.011999999
            2024-02-01  GBP       1.27
            2024-02-10  GBP       1.25
            2024-01-05  USD       99
        """,
        "fx_rates": """
            rate_date   currency  per_euro
            2024-01-04  USD       1.1
            2024-01-05  INR       91.3
            2024-02-01  GBP       0.85
        """,
        # a till's sale, as if of the newest day: BigQuery reads the last days only
        "statements": """
            batch_no  scope  whole  sale_date
            4         9001   sale   9999-01-01
        """,
        # 9001 is settled; a later message replaces the one of 9002, and one of its rows was appended twice
        "live_lines": """
            appended_at          batch_id  row_number  received_seq  source_version  sale  region  sale_id  store_id  salesperson_id  product_id  product_name  status     sold_at              sale_date   quantity  net_amount  currency
            2024-02-10T10:00:00  l1        1           200           1               9001  UK      U/90     U         P2              N           -             completed  2024-02-10T10:00:00  2024-02-10  1         3           GBP
            2024-02-10T10:00:00  l1        2           201           1               9002  UK      U/91     U         P2              N           -             completed  2024-02-10T10:00:00  2024-02-10  1         4           GBP
            2024-02-10T10:01:00  l2        1           210           2               9002  UK      U/91     U         P2              N           -             completed  2024-02-10T10:00:00  2024-02-10  1         5           GBP
            2024-02-10T10:01:00  l2        2           210           2               9002  UK      U/91     U         P2              M           Mug           cancelled  2024-02-10T10:00:00  2024-02-10  1         7           GBP
            2024-02-10T10:02:00  l2        2           210           2               9002  UK      U/91     U         P2              M           Mug           cancelled  2024-02-10T10:00:00  2024-02-10  1         7           GBP
            2024-02-10T10:00:00  l1        3           202           -               9003  IN      S1/92    S1        P1              T           Top           returned   2024-02-10T10:00:00  2024-02-10  -1        -8          INR
            2024-02-10T10:00:00  l1        4           203           -               9004  XX      V/93     V         -               -           Kite          completed  2024-02-10T10:00:00  2024-02-10  1         2           XYZ
        """,
        "forecasts": """
            target   level     region  store_id  category  product  currency  period  first_day   last_day    mean  low  median  high  level_part  trend_part  weekday_part  holiday_part  plan_part  scale  method  cutoff_date  created_at
            revenue  total     -       -         -         -        USD       day     2024-02-20  2024-02-20  30    20   30      45    30          0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  region    UK      -         -         -        GBP       day     2024-02-20  2024-02-20  12    8    12      20    12          0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  store     UK      U         -         -        GBP       day     2024-02-20  2024-02-20  7     5    7       9.5   7           0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  store     UK      V         -         -        GBP       day     2024-02-20  2024-02-20  5     3    5       8     5           0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  store     UK      U         -         -        GBP       day     2024-02-21  2024-02-21  7     5    7       9.5   7           0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  category  -       -         Toys      -        USD       day     2024-02-20  2024-02-20  30    20   30      45    30          0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            units    product   UK      U         Toys      N        -         day     2024-02-20  2024-02-20  2     0    2       4     2           0           0             0             0          2      model   2024-02-19   2024-02-20T03:00:00+00:00
            revenue  total     -       -         -         -        USD       day     2024-02-19  2024-02-19  31    20   31      45    31          0           0             0             0          2      model   2024-02-18   2024-02-20T03:00:00+00:00
        """,
        "price_effects": """
            category  elasticity  low   high  is_clear  products  lowest_change  highest_change  cutoff_date
            Toys      -1.5        -1.8  -1.2  yes       6         -0.2           0.1             2024-02-19
        """,
        "holidays": """
            country  holiday_date  name
            India    2024-01-26    Republic
            France   2024-05-01    Labor
        """,
        "settlements": """
            settlement_no  settled_at           request_id  added  corrected  removed  only_adds
            1              2024-01-06T10:00:00  a           4      0          0        no
            2              2024-01-07T10:00:00  b           1      1          0        yes
            3              2024-02-11T10:00:00  c           5      0          1        no
            4              2024-02-11T09:00:00  d           0      0          1        no
        """,
        # 2 fixes rows of 1; 3 is the bytes of 1 again; 4 are till messages; 5 was undone; 7 fixes rows of 6
        "batches": """
            batch_no  batch_id  kind        source  region  received_seq  place_seq  root_no  fix_number  rows_read  rows_blank  rows_ignored  removed  settlement_no  undone_no  problems
            1         b1        upload      file    IN      100           100        1        0           8          1           1             0        1              -          [{"code":"not-a-number","column":"quantity","severity":"error","count":1},{"code":"not-a-date","column":"sale_date","severity":"error","count":1},{"code":"ragged-row","column":null,"severity":"error","count":1}]
            2         b2        correction  file    IN      300           300        1        1           2          0           0             1        2              -          []
            3         b3        upload      file    IN      400           100        3        0           4          0           0             2        3              -          [{"code":"unknown-store","column":"store_id","severity":"warning","count":2}]
            4         b4        messages    till    IN      200           200        4        0           3          0           0             0        3              -          []
            5         b5        upload      file    UK      500           500        5        0           1          0           0             0        3              4          []
            6         b6        upload      file    UK      600           600        6        0           5          0           0             0        3              -          []
            7         b7        correction  file    UK      700           700        6        1           1          0           0             0        3              -          []
        """,
        "sightings": """
            key  content  batch_no  row_number  line_number  fix_number  rank  source_version  received_seq  outcome      superseded  settlement_no
            11   101      1         1           2            0           0     0               -             new          no          1
            12   102      1         2           3            0           0     0               -             new          no          1
            13   103      1         3           5            0           0     0               -             new          no          1
            14   104      1         4           6            1           0     0               -             new          no          2
            11   101      3         1           2            0           0     0               -             duplicate    no          3
            12   102      3         2           3            0           0     0               -             duplicate    yes         3
            13   103      3         3           4            0           0     0               -             duplicate    no          3
            12   112      3         4           5            0           1     0               -             corrected    no          3
            21   121      4         1           1            0           0     2               210           new          no          3
            21   121      4         2           2            0           0     2               205           duplicate    no          3
            21   122      4         3           3            0           0     1               220           duplicate    yes         3
            31   131      5         1           2            0           0     0               -             new          no          3
            32   132      6         1           2            0           0     0               -             new          no          3
            33   133      6         2           3            0           0     0               -             new          no          3
            34   134      6         3           4            0           0     0               -             new          no          3
            35   135      6         4           5            0           0     0               -             quarantined  no          3
            35   135      6         4           5            1           1     0               -             new          no          3
        """,
        "refusals": """
            batch_no  row_number  line_number  fix_number  outcome      refused_by  raw    problems                    settlement_no  region  sale_id
            1         4           6            0           quarantined  validation  x,y    [{"code":"not-a-number"}]   1  IN      S1/1
            1         5           7            0           quarantined  validation  -      [{"code":"not-a-date"}]     1  -       -
            1         5           7            1           quarantined  validation  again  [{"code":"not-a-date"}]     2  -       -
            1         6           8            0           quarantined  validation  z      [{"code":"ragged-row"}]     1  -       -
            1         6           8            2           ignored      person      z      []                          2  -       -
            6         4           5            0           quarantined  ledger      -      [{"code":"differs"}]        3  -       -
            6         5           6            0           quarantined  validation  q      [{"code":"differs"}]        3  -       -
        """,
        "sale_versions": """
            key  content  is_current  sale  region  sale_id  line_key  store_id  salesperson_id  customer_id  customer_name  product_id  product_name  category  channel  status     sale_date   country  quantity  net_amount     gross_amount  currency  extra      returns_sale_id  leads  settlement_no
            11   101      yes         1     IN      S1/1     1         S1        P1              C1           Asha           A           Apple         Fruit     store    completed  2024-01-05  India    2         100.10         118.118       INR       {"a":"b"}  -                1      1
            12   102      no          1     IN      S1/1     2         S1        P1              C1           Asha           B           Beet          Veg       store    completed  2024-01-05  India    1         50.000000001   -             INR       -          -                0      1
            12   112      yes         1     IN      S1/1     2         S1        P1              C1           Asha           B           Beet          Veg       store    completed  2024-01-05  India    3         150.000000005  60            INR       -          -                0      1
            13   103      yes         2     IN      S1/2     1         S1        P2              -            Ravi           A           Apples        Fruit     online   cancelled  2024-01-06  India    9         999            -             INR       -          -                0      1
            14   104      yes         3     IN      S2/3     1         S2        P2              -            -              -           Carrot        Veg       online   pending    2024-01-06  -        1.5       70             -             INR       -          -                2      2
            21   121      yes         4     IN      S2/4     A#1       S2        -               C2           -              A           Apple         Fruit     store    completed  2024-02-01  India    1         40             -             INR       -          -                1      1
            21   122      no          4     IN      S2/4     A#1       S2        -               C2           -              A           Apple         Fruit     store    completed  2024-02-01  India    1         39             -             INR       -          -                0      1
            31   131      no          5     UK      U/5      1         U         -               C1           -              Z           -             -         store    completed  2024-02-01  UK       1         10             -             GBP       -          -                1      1
            32   132      yes         6     UK      U/6      1         U         P1              C9           -              D           -             -         -        completed  2024-02-01  UK       4         12.34          -             GBP       -          -                1      1
            33   133      yes         7     UK      U/7      1         U         P1              C9           -              D           -             -         -        returned   2024-02-10  UK       -1        -3.085         -             GBP       -          U/6              0      1
            34   134      yes         8     UK      U/8      1         U         P1              -            -              -           -             -         -        completed  2024-02-12  France   1         5              -             EUR       -          -                2      1
            35   135      yes         9     UK      U/9      1         U         -               -            Zoe            E           Egg           Dairy     -        completed  2024-02-12  France   1         7.5            -             USD       -          -                1      1
        """,
        "listed_changes": """
            settlement_no  key  kind       old  new
            1              11   added      -    101
            1              12   added      -    102
            3              12   corrected  102  112
            3              21   added      -    121
            4              31   removed    131  -
        """,
        "settlement_days": """
            settlement_no  sale_date
            1              2024-01-05
            1              2024-01-06
            1              2024-02-01
            1              2024-02-10
            1              2024-02-12
            2              2024-01-06
            3              2024-01-05
            3              2024-02-01
            4              2024-02-01
        """,
        # of a product without sales
        "product_codes": """
            region  code  product_id
            *       9001  PEAR
        """,
        "dim_product_cost": """
            product_id  region  currency  amount  valid_from  valid_to
            PEAR        *       USD       0.25    -           2024-02-01
        """,
        "dim_product_price": """
            product_id  region  currency  amount  valid_from  valid_to
            PEAR        IN      INR       30      2024-02-01  -
        """,
        "catalogue_products": """
            product_id  name  active  valid_from  valid_to
            PEAR        Pear  yes     -           -
        """,
        "catalogue_stores": """
            region  store_id  name  active  valid_from  valid_to
            IN      S9        Ninth yes     -           -
        """,
        "catalogue_suppliers": """
            supplier  name   lead_time_days  review_days  active
            S         Sower  14              7            yes
        """,
        # r2 is cancelled, and one of three units is still in transit
        "stock_movements": """
            movement_id  line_no  kind               region  store_id  product_id  quantity  stock_date  occurred_at          day_part       reason   reference  other_store  recorded_seq
            c1           1        count              IN      S1        A           10        2024-01-04  -                    after~closing  -        -          -            1
            c1           2        count              IN      S1        B           2         2024-01-04  -                    after~closing  -        -          -            1
            c2           1        count              UK      U         D           2         2024-02-01  -                    before~opening -        -          -            2
            o1           1        transfer-out       IN      S1        A           3         2024-01-07  -                    after~closing  -        t1         S9           3
            i1           1        transfer-in        IN      S9        A           2         2024-01-08  -                    after~closing  -        t1         S1           4
            r1           1        receipt            UK      U         E           4.5       2024-02-01  2024-02-01T09:00:00  after~closing  -        -          -            5
            r2           1        receipt            UK      U         D           7         2024-02-02  -                    after~closing  -        -          -            6
            x2           1        cancellation       UK      U         -           -         2024-02-02  -                    after~closing  -        r2         -            7
            w1           1        write-off          UK      U         D           1         2024-02-11  -                    after~closing  damaged  -          -            8
            u1           1        unsellable-return  UK      U         D           1         2024-02-10  -                    after~closing  -        U/7        -            9
            c3           1        count              IN      S2        A           6         2024-01-10  -                    after~closing  -        -          -            10
            c4           1        count              IN      S2        A           4         2024-01-20  -                    after~closing  -        -          -            11
            a1           1        adjustment         IN      S2        A           -1        2024-02-05  -                    after~closing  theft    -          -            12
            l1           1        transfer-loss      IN      S9        A           1         2024-02-06  -                    after~closing  -        t2         S1           13
        """,
        "restock_lines": """
            region  store_id  product  from_store  supplier  units  state   until       decision   unit_cost  on_hand  on_order  in_transit  daily  level  lead_days  review_days  method        is_due  urgency  reason  computed_at
            IN      S1        A        S9          S         12     open    -           -          2          4        0         0           1.5    16     7          7            forecast      yes     2.667    Low     2024-02-12T03:00:00+00:00
            IN      S1        B        S9          -         3      snoozed 2024-02-20  -          -          -1       0         0           0.5    2      7          7            recent~sales  yes     0        Out     2024-02-12T03:00:00+00:00
        """,
        "stock_levels": """
            region  store_id  product  counted  counted_on  moved  sold  on_hand  in_transit  recent_units  product_name  category
            IN      S1        A        10       2024-01-04  -3     3     4        0           3             Apple         Fruit
            IN      S1        B        2        2024-01-04  0      3     -1       0           3             Beet          Veg
            IN      S2        A        4        2024-01-20  -1     1     2        0           1             Apple         Fruit
            IN      S9        A        -        -           2      -     -        1           0             -             -
            UK      U         D        2        2024-02-01  -1     4     -3       0           4             -             -
            UK      U         E        -        -           4.5    -     -        0           1             Egg           Dairy
            UK      U         Q        1        2024-02-01  -      -     -        0           0             -             -
        """,
        "day_sums": """
            sale_date   region  store_id  status     currency  lines  net  discount  cost  costed_net
            2024-02-01  IN      S9        completed  USD       1      40   2         10    40
        """,
        "product_sums": """
            sale_date   region  product_id  product_name  status     currency  lines  net
            2024-02-01  IN      A           Apple         completed  INR       1      40
        """,
    }
)
SAMPLE_CATALOGUE = parse_tables(
    {
        "product_codes": """
            region  code  product_id
            IN      A     APPLE
            *       B     BEETS
            IN      B     BEET
        """,
        "dim_product_cost": """
            product_id  region  currency  amount  valid_from  valid_to
            APPLE       IN      USD       0.25    -           2024-02-01
            APPLE       IN      INR       20      2024-02-01  -
            BEET        *       USD       0.5     -           -
            D           *       EUR       2       2024-02-01  2024-02-05
            D           *       EUR       1.5     2024-02-05  -
        """,
        "dim_product_price": """
            product_id  region  currency  amount  valid_from  valid_to
            APPLE       *       INR       50      -           -
            APPLE       *       USD       9       2024-01-15  -
            APPLE       IN      EUR       70      -           -
            D           UK      GBP       3       2024-02-01  -
            D           *       EUR       9       -           -
        """,
        "catalogue_products": """
            product_id  name         category  pack_size  supplier  barcode  active  valid_from  valid_to
            APPLE       Old-Apple    Fruit     1          -         -        yes     -           2024-02-01
            APPLE       Red-Apple    Fruit     1          S         -        yes     2024-02-01  -
            D           Date         Fruit     -          -         -        no      -           -
        """,
        "catalogue_stores": """
            region  store_id  name    country  time_zone     currency  active  valid_from  valid_to
            IN      S1        Market  India    Asia/Kolkata  INR       yes     -           -
        """,
        "catalogue_salespeople": """
            region  salesperson_id  name    active  valid_from  valid_to
            IN      P1              Priya   yes     -           -
        """,
    }
)
SALES_OF_CATALOGUE = parse_tables(
    {
        "sale_versions": """
            key  content  is_current  sale  region  sale_id  line_key  store_id  product_id  product_name  status     sale_date   quantity  unit_price  currency  leads
            41   41       yes         41    IN      S1/41    1         S1        A           Apple         completed  2024-02-01  1         59          INR       1
            42   42       yes         42    IN      S1/42    1         S1        A           Apple         completed  2024-02-01  1         61          INR       1
            43   43       yes         43    IN      S2/43    1         S2        A           Apple         completed  2024-02-01  1         30          INR       1
            44   44       yes         44    IN      S2/44    1         S2        A           Apple         cancelled  2024-02-01  1         1           INR       1
            45   45       yes         45    UK      U/45     1         U         D           -             completed  2024-02-01  1         6.35        USD       1
            46   46       yes         46    UK      U/46     1         U         D           -             completed  2024-01-31  1         9           GBP       1
            51   51       yes         51    UK      U/51     1         U         N           Nut           completed  2024-01-05  1         4           GBP       1
            52   52       yes         52    UK      U/52     1         U         N           Nut           completed  2024-01-07  1         4           GBP       1
            53   53       yes         53    UK      V/53     1         V         N           Nuts          completed  2024-01-09  1         5           GBP       1
        """
    }
)
"""Lines with prices, instead of those of the sample ledger."""
