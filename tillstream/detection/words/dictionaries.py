"""Words of sales files: synonyms of headers in eight languages, and a TOML file for each further language.

Synonyms before the bar are clear; those after it count only without a clearer match.
"""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

HEADER_SYNONYMS: dict[str, str] = {
    "sale_id": """
        invoice no, invoice number, invoice id, invoice, order no, order number, order id, receipt no,
        receipt number, receipt id, receipt, transaction, transaction id, transaction no, transaction number,
        sale no, sale number, sale id, ticket no, ticket number, ticket id, ticket, bill no, bill number,
        voucher no, vch no, document no, document number, doc no, doc number,
        docnum, doc num, order ref, order reference, trx, trx no, trx id, txn, txn id,
        order #, invoice #, receipt #, sale #, docket, docket no, transaction #, txn #, ticket #, bill #, check #,
        check no, check number, trans no, trans id, trans #, so number, sales order, sales order no, basket id,
        tran id, bon, bonnummer, bon nr, belegnummer, belegnr, beleg nr, beleg, rechnungsnummer, rechnung nr,
        rechnungsnr, rechnung, auftragsnummer, auftragsnr, bestellnummer, bestellnr, kassenbon, vorgangsnummer,
        verkaufsnummer, numéro de facture, no facture, n° facture, num facture, facture, numéro de commande,
        n° commande, num commande, commande, numéro de ticket, n° ticket, num ticket, n° de facture,
        n° de ticket, numéro de vente, número de factura, nº factura, no factura, num factura, factura,
        número de pedido, nº pedido, pedido, número de ticket, nº ticket, número de venta, folio,
        número da nota, nota fiscal, nº nota, número do pedido, nº pedido, número da venda, cupom,
        cupom fiscal, fatura, nº fatura, número da fatura, numero fattura, n fattura, nr fattura, fattura,
        numero ordine, nr ordine, ordine, scontrino, numero scontrino, nr scontrino, numero vendita,
        factuurnummer, factuurnr, factuur, ordernummer, ordernr, bonnr, kassabon, verkoopnummer,
        transactienummer, 伝票番号, 注文番号, 請求書番号, 取引番号, レシート番号, 受注番号, 売上番号,
        伝票no | sale, order, number, nummer, nr, no, id""",
    "line_key": """
        line, line no, line number, line id, order line number, order line, item no in order, line item,
        invoice line, position, pos, zeile, zeilennummer, positionsnummer, pos nr, posten, ligne, n° ligne,
        numéro de ligne, num ligne, línea, nº línea, número de línea, linha, nº linha, número da linha,
        item nº, riga, numero riga, nr riga, regel, regelnummer, regelnr, 行番号, 明細番号, 行, 明細行, 行no""",
    "source_version": "revision, version, revisione, versión, versão, versie, revisie, révision, 版",
    "date": """
        invoice date, order date, sale date, sales date, transaction date, receipt date, date of sale, sold at,
        sold on, purchase date, bill date, date time, datetime, timestamp, transaction time, date sold, trans date,
        txn date, business date, line item date, order placed, ordered at, ordered on, verkaufsdatum,
        rechnungsdatum, belegdatum, bestelldatum, auftragsdatum, kaufdatum, buchungsdatum, datum uhrzeit,
        date de vente, date de facture, date facture, date vente, date commande, date de commande, date heure,
        fecha de venta, fecha factura, fecha de factura, fecha de pedido, fecha venta, fecha pedido,
        fecha hora, data da venda, data da fatura, data do pedido, data venda, data emissão, data de emissão,
        data hora, data vendita, data fattura, data ordine, data di vendita, data ora, verkoopdatum,
        factuurdatum, orderdatum, besteldatum, transactiedatum, 売上日, 取引日, 注文日, 販売日, 伝票日付,
        請求日, 取引日時, 販売日時, 売上日時, 日時 | date, day, datum, tag, fecha, data, dia, giorno, 日付,
        年月日""",
    "time": """
        time, sale time, time of sale, uhrzeit, zeit, heure, hora, ora, orario, tijd, tijdstip, 時刻, 時間""",
    "store_id": """
        store, store id, store no, store number, store code, store #, shop, shop id, shop code, branch,
        branch id, branch code, outlet, outlet id, location id, till location, store name, shop name, location name,
        restaurant, venue, point of sale, filiale, filial nr,
        filialnummer, filialnr, markt, geschäft, laden, verkaufsstelle, magasin, code magasin, point de vente,
        boutique, succursale, n° magasin, tienda, código tienda, sucursal, local, punto de venta, loja,
        código loja, código da loja, filial, unidade, negozio, codice negozio, punto vendita,
        punto di vendita, winkel, winkelnummer, filiaal, winkelcode, vestiging, 店舗, 店舗コード, 店名, 店舗名,
        支店, 店番, 店""",
    "salesperson_id": """
        salesperson, salesperson id, sales person, sales rep, associate, operator, cashier, clerk, employee,
        employee id, seller, sold by, staff, verkäufer, verkäuferin, kassierer, mitarbeiter, bediener,
        verkäufernummer, vendeur, caissier, employé, vendedor, cajero, empleado, atendente, funcionário,
        operador, venditore, cassiere, commesso, addetto, verkoper, medewerker, kassamedewerker, 担当者,
        販売員, 担当, 担当者コード""",
    "customer_id": """
        customer id, customer no, customer number, customer code, customer #, client id, client no, account no,
        member id, customerid, buyer id, kundennummer, kundennr, kunden nr, kunden id, kundencode,
        numéro client, n° client, code client, id client, num client, id cliente, código cliente,
        nº cliente, número de cliente, código do cliente, número do cliente, codice cliente,
        numero cliente, cod cliente, klantnummer, klantnr, klantcode, klant id, 顧客番号, 顧客id, 顧客コード,
        会員番号, 得意先コード""",
    "customer_name": """
        customer name, customer, client name, client, buyer, buyer name, contact name, billing name, bill to name,
        kunde, kundenname, käufer, nom client,
        nom du client, acheteur, cliente, nombre cliente, nombre del cliente, comprador, nome cliente,
        nome do cliente, nome del cliente, acquirente, klant, klantnaam, koper, 顧客名, 顧客, お客様, 得意先,
        得意先名, 氏名""",
    "product_id": """
        product id, product code, product no, product number, sku, item code, item id, item no, item number,
        stock code, lineitem sku, line item sku,
        article no, article number, article code, barcode, ean, upc, gtin, part number, plu, item #, item sku,
        product #,
        product sku, variant sku, sku code, style code, asin, isbn, mpn, inventory id, inventory item code,
        material, artikelnummer, artikelnr, artikel nr, art nr, artnr, produktnummer, produktcode, artikelcode,
        code article, code produit, référence, réf, ref article, référence produit, id produit,
        código producto, código de producto, código artículo, referencia, id producto, código produto,
        código do produto, código do item, id produto, codice articolo, codice prodotto, cod articolo,
        id prodotto, productcode, productnummer, 商品コード, 商品番号, 品番, 型番, 商品id, jan,
        janコード | code, código, codice""",
    "product_name": """
        product, product name, item, item name, description, product description, item description, article,
        title, item title, product title, lineitem name, line item name, article name, stock description,
        line description, menu item, product service,
        artikel, artikelbezeichnung, artikelname, produkt, produktname, bezeichnung, ware, beschreibung,
        artikelbeschreibung, produit, nom du produit, désignation, libellé, libellé article,
        libellé produit, nom produit, producto, nombre del producto, nombre producto, descripción, artículo,
        produto, nome do produto, descrição, nome produto, descrição do produto, prodotto, nome prodotto,
        descrizione, articolo, descrizione articolo, productnaam, productomschrijving, omschrijving,
        artikelomschrijving, 商品名, 商品, 品名, 製品名""",
    "category": """
        category, product category, product line, product group, department, family, product family,
        item category, class, kategorie, warengruppe, produktgruppe, abteilung, sortiment, produktkategorie,
        artikelgruppe, catégorie, rayon, famille, groupe de produits, categoría, familia, sección,
        línea de producto, categoria, família, departamento, seção, grupo, categoria prodotto, reparto,
        famiglia, gruppo merceologico, productcategorie, productgroep, afdeling, 商品分類, 分類, カテゴリ,
        カテゴリー, 部門, 商品カテゴリ""",
    "channel": """
        channel, sales channel, order channel, vertriebskanal, kanal, verkaufskanal, canal, canal de vente,
        canal de venta, canal de venda, canale, canale di vendita, verkoopkanaal, kanaal, チャネル,
        販売チャネル, 販売経路""",
    "status": """
        status, order status, state of order, current state, sale status, invoice status,
        payment status, zustand,
        auftragsstatus, bestellstatus, belegstatus, statut, état, statut commande, statut de la commande,
        estado, estado del pedido, estado pedido, situação, status do pedido, stato, stato ordine,
        stato dell'ordine, orderstatus, bestelstatus, ステータス, 状態, 状況, 注文状況, 取引状態 |
        state, order state""",
    "country": """
        country, ship country, customer country, country region, country name, land, lieferland, kundenland,
        pays, pays client, país, pais, pais cliente, paese, nazione, 国, 国名""",
    "quantity": """
        quantity, qty, units, units sold, quantity ordered, quantity sold, pieces, pcs, item quantity,
        item qty, line qty, qty sold, sold qty, order qty, qty ordered, lineitem quantity,
        line item quantity,
        count of items, order quantity, quantity shipped, qty shipped, quantity purchased, number of units,
        items sold, sales qty, sales quantity, sale qty, invoiced quantity, invoiced qty, billed qty, product quantity,
        product qty, menge, anzahl, stück, stückzahl, bestellmenge, verkaufsmenge, quantité, qté,
        quantité vendue, nombre, nb articles, cantidad, unidades, cant, cantidad vendida, uds, quantidade,
        qtd, qtde, quant, quantità, qta, q.tà, pezzi, aantal, hoeveelheid, stuks, 数量, 個数, 販売数,
        販売数量, 点数 | amount of items, count, kg, kilos""",
    "unit_price": """
        unit price, price, price each, item price, price per unit, lineitem price,
        line item price, price per kg, price/kg, rate, selling price, sale price, sales price, product price,
        price per item,
        unit selling price, unit retail, unit amount, price unit, price ea,
        unit cost to customer, einzelpreis, preis, stückpreis, verkaufspreis, e-preis, ep, preis pro stück,
        nettopreis, prix unitaire, prix, pu, p.u., prix unit, prix de vente, prix unitaire ht, precio unitario,
        precio, precio unit, precio de venta, preço unitário, preço, preço unit, valor unitário,
        vl unitário, prezzo unitario, prezzo, prezzo unit, prezzo di vendita, stuksprijs, prijs,
        eenheidsprijs, verkoopprijs, prijs per stuk, 単価, 販売単価, 価格, 販売価格""",
    "discount": """
        discount, discount amount, disc, disc amount, rebate, line discount, lineitem discount, discounts, discount amt,
        disc amt, discounts amount, discount value, discount given, discount applied, discount total,
        line discount amount,
        item discount, item discounts, product discount, sales discount, promotion discount, markdown, markdowns,
        rabatt, nachlass, rabattbetrag, remise, rabais, montant remise,
        descuento, importe descuento, desconto, valor desconto, sconto, importo sconto,
        korting, kortingsbedrag, 値引, 値引き, 割引, 値引額, 割引額 |
        coupon, coupon amount, coupon discount, coupon value, gutscheinrabatt, promo discount, cupón, cupom,
        total discount, total discounts""",
    "tax": """
        tax, taxes, tax amount, vat, vat amount, gst, gst amount, sales tax, tax total, total tax, line tax, item tax,
        product tax,
        tax value, tax collected, vat value, vat total, hst, mwst, mehrwertsteuer, ust,
        umsatzsteuer, steuer, mwst betrag, steuerbetrag, tva, montant tva, taxe, iva, importe iva, cuota iva,
        impuesto, imposto, valor imposto, icms, imposta, importo iva, btw, btw bedrag, belasting, 消費税, 税額,
        消費税額, 税""",
    "net_amount": """
        net, net amount, net amt, net total, net sales, net value, taxable value, taxable amount, amount excl tax,
        total excl tax, total excl vat, amount excl vat, subtotal, sub total, net revenue, total net, line net,
        line subtotal,
        item subtotal, net line amount, net line total, pre tax total, pretax total,
        netto, nettobetrag, nettosumme, nettoumsatz, betrag netto, summe netto, gesamt netto, umsatz netto,
        zwischensumme, montant ht, total ht, ht, montant net, total net, sous total, prix total ht,
        importe neto, total neto, neto, base imponible, importe sin iva, total sin iva, valor líquido,
        total líquido, líquido, total sem imposto, importo netto, totale netto, imponibile,
        totale imponibile, nettobedrag, netto bedrag, bedrag excl btw, totaal excl btw, subtotaal, 税抜金額,
        税抜, 本体価格, 税抜合計, 税抜売上""",
    "gross_amount": """
        gross, gross amount, gross amt, gross total, total incl tax, total incl vat, amount incl tax, amount incl vat,
        invoice value, total with tax, grand total, brutto, bruttobetrag, bruttosumme, betrag brutto,
        summe brutto, gesamt brutto, umsatz brutto, bruttoumsatz, montant ttc, total ttc, ttc, prix total ttc,
        importe bruto, total con iva, importe con iva, total bruto, bruto, total com imposto, valor bruto,
        total com iva, importo lordo, totale lordo, lordo, totale con iva, totale ivato, brutobedrag,
        bruto bedrag, bedrag incl btw, totaal incl btw, 税込金額, 税込, 税込合計, 税込売上""",
    "amount": """
        sales, line total, total, amount, revenue, total amount, total price, total sales, sales amount,
        weekly sales, daily sales, turnover, line amount, line amt, line value, extended price, ext price, item total,
        item amount, product total, product sales, item revenue, product revenue, sales revenue, total revenue,
        sale amount, sales value, sales total, total sale,
        extended amount, ext amount, amt, value, total value, net turnover,
        takings, umsatz, betrag, summe, gesamt, gesamtbetrag, gesamtpreis, positionsbetrag, zeilenbetrag,
        erlös, zeilensumme, wert, montant, total ligne, ventes, chiffre d'affaires, ca, prix total,
        montant total, importe, importe total, ventas, total línea, precio total, valor, valor total,
        total linha, vendas, preço total, importo, totale, importo totale, totale riga, vendite, ricavo,
        prezzo totale, fatturato, bedrag, totaal, totaalbedrag, regeltotaal, omzet, totaalprijs, verkopen,
        金額, 売上, 売上金額, 合計, 合計金額, 小計, 売上高""",
    "currency": """
        currency, currency code, ccy, iso currency, währung, waehrung, whg, devise, monnaie, moneda, divisa,
        moeda, valuta, muntsoort, munteenheid, 通貨, 通貨コード""",
    "unit_cost": """
        unit cost, cost, cost price, purchase price, einkaufspreis, ek, ek preis, stückkosten, coût,
        coût unitaire, prix d'achat, prix de revient, coste, coste unitario, costo, costo unitario, custo,
        custo unitário, prezzo di acquisto, inkoopprijs, kostprijs, 原価, 仕入単価, 仕入価格""",
    "returns_sale_id": """
        original invoice, refund for, credit for, return of, original order, original receipt,
        returned invoice, ursprungsbeleg, gutschrift zu, originalrechnung, storno zu, facture d'origine,
        avoir sur, factura original, factura rectificada, nota original, fatura original, fattura originale,
        oorspronkelijke factuur, 元伝票番号, 返品元""",
    "discount_rate": """
        discount %, discount rate, discount percent, disc %, rabatt %, rabattsatz, remise %, taux de remise,
        descuento %, desconto %, sconto %, korting %, 割引率, 値引率""",
    "tax_rate": """
        tax rate, vat rate, tax %, vat %, gst %, mwst %, mwst satz, steuersatz, taux tva, tva %, tipo iva,
        iva %, alíquota, aliquota iva, btw %, btw tarief, 税率""",
    "": """
        profit, margin, gross margin percentage, gross income, cost of goods sold, cogs, msrp, list price,
        phone, city, town, postal code, zip, zip code, address, address line 1, address line 2, territory,
        region, segment, ship mode, ship date, delivery date, due date, payment, payment method, payment type,
        gender, customer type, rating, customer stratification rating, notes, comment, remarks, weekday, month,
        year, quarter, qtr id, month id, year id, row id, contact last name, contact first name, deal size,
        sub category, temperature, holiday flag, fuel price, cpi, unemployment, email, weather, county,
        warehouse, brand, color, colour, size, weight, gewinn, marge, telefon, stadt, ort, plz, adresse,
        straße, lieferdatum, fälligkeitsdatum, zahlungsart, geschlecht, bemerkung, notiz, wochentag, monat,
        jahr, marke, farbe, größe, wettercode, temperatur, bewoelkung, windgeschwindigkeit, kielerwoche,
        ville, code postal, téléphone, date de livraison, mode de paiement, remarque, commentaire, marque,
        ciudad, código postal, teléfono, fecha de entrega, forma de pago, observaciones, notas, marca,
        cidade, cep, telefone, data de entrega, forma de pagamento, observações, città, cap, telefono,
        data consegna, metodo di pagamento, pagamento, note, stad, postcode, telefoon, leverdatum, betaalwijze,
        betaalmethode, opmerking, opmerkingen, merk, 備考, 住所, 電話番号, 支払方法, 納品日, 配送日, 出荷日,
        粗利, 利益, 曜日, メモ""",
}
"""Role → names. Not sale-line columns: amount (net or gross), time and rates; "" marks irrelevant columns."""


@lru_cache(maxsize=1)
def _languages() -> tuple[dict[str, object], ...]:
    folder = resources.files("tillstream.detection.words").joinpath("languages")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(tomllib.loads(file.read_text("utf-8")) for file in files)


def header_words_by_role() -> Iterator[tuple[str, str]]:
    """(role, names separated by commas) of each language; names after a bar are vague."""
    for language in _languages():
        yield from ((role, names) for role, names in language.items() if isinstance(names, str))


def status_words_of_languages() -> Iterator[tuple[str, str]]:
    """(status, words separated by commas) of each language."""
    return _section("statuses")


def footer_words_of_languages() -> Iterator[tuple[str, str]]:
    """("words", words separated by commas) of each language."""
    return _section("footers")


def _section(name: str) -> Iterator[tuple[str, str]]:
    for language in _languages():
        section = language.get(name)
        if isinstance(section, dict):
            yield from section.items()
